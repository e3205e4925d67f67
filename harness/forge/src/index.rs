use cms::{content_info::ContentInfo, signed_data::SignedData};
use der::{Decode, asn1::OctetString};

use crate::{ForgeError, Signer, Style, encapsulated, signing_time};

/// The LDIF text of a signed provider index (DER), whatever its signature is worth, and when it says that it was signed.
///
/// # Errors
/// [`ForgeError::Cms`], or [`ForgeError::Message`] where it encloses no text.
pub fn open_index(der: &[u8]) -> Result<(String, Option<i64>), ForgeError> {
    Ok((enclosed_text(der)?, signing_time(der)))
}

/// Signs an LDIF text as an index is signed; with no instant it is signed without attributes.
//= PEC-4.5-08
pub fn seal_index(text: &str, signer: &Signer, unix_secs: Option<i64>) -> Vec<u8> {
    let style = Style { bare: unix_secs.is_none(), ..Style::default() };
    encapsulated(text.as_bytes(), signer, unix_secs.unwrap_or(0), style)
}

/// The lines of a sealed day of a log (DER), whatever its signature is worth, and when it says that it was sealed.
///
/// # Errors
/// [`ForgeError::Cms`], or [`ForgeError::Message`] where it encloses no text.
pub fn open_log(der: &[u8]) -> Result<(String, Option<i64>), ForgeError> {
    Ok((enclosed_text(der)?, signing_time(der)))
}

/// Seals the lines of a day of a log: DER SignedData with the text inside.
//= PEC-2.3-10
pub fn seal_log(text: &str, signer: &Signer, unix_secs: i64) -> Vec<u8> {
    encapsulated(text.as_bytes(), signer, unix_secs, Style::default())
}

fn enclosed_text(der: &[u8]) -> Result<String, ForgeError> {
    let info = ContentInfo::from_der(der).map_err(ForgeError::Cms)?;
    let data = info.content.decode_as::<SignedData>().map_err(ForgeError::Cms)?;
    let content = data.encap_content_info.econtent.ok_or(ForgeError::Message("it encloses nothing"))?;
    let octets = content.decode_as::<OctetString>().map_err(ForgeError::Cms)?.into_bytes();
    String::from_utf8(octets).map_err(|_| ForgeError::Message("what it encloses is not UTF-8"))
}
