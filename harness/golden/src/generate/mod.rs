//! Messages by chance: any case in any style, a third of them tampered with.

mod chance;
mod damage;
mod markup;

use collaudo_forge::{DateForm, Digest, Encoding, ForgeError, Layout, Quotes, Style, Words, open};

use crate::{
    case::{Case, cases},
    house::Keys,
    make::make_with,
};
use chance::Chance;

/// A message made by chance.
#[derive(Clone, Debug)]
pub struct Generated {
    /// What was done to it after it was made; empty for nothing.
    pub tampered: &'static str,
    /// Its octets.
    pub octets: Vec<u8>,
    /// When it was signed, seconds since 1970.
    pub at: i64,
    /// What `daticert.xml` holds, where it can be told without reading the message.
    pub daticert: Option<Vec<u8>>,
}

const SUBJECTS: [&str; 10] = [
    "Contratto",
    "",
    "Perché no? È già così",
    "Ψηφιακή υπογραφή",
    "Lotto <b>7</b> & \"altro\" ]]>",
    "ACCETTAZIONE: POSTA CERTIFICATA: Contratto",
    "  spazi  doppi  e  in  fondo  ",
    "=?UTF-8?B?bm9uIGRlY29kaWZpY2FyZQ==?=",
    "Un oggetto che non finisce mai, perché chi lo ha scritto non sapeva dove fermarsi e ha continuato senza una ragione",
    "100 % & 50 €",
];

/// So many messages, the same for the same keys and seed.
///
/// # Errors
/// [`ForgeError`], where the keys are not one for each of [`crate::identities`].
pub fn generate(keys: &Keys, seed: u64, count: usize) -> Result<Vec<Generated>, ForgeError> {
    let cases = cases();
    let mut chance = Chance::new(seed);
    (0..count).map(|_| generated(&cases, &mut chance, keys)).collect()
}

fn generated(cases: &[Case], chance: &mut Chance, keys: &Keys) -> Result<Generated, ForgeError> {
    let mut case = *cases.get(chance.below(cases.len())).ok_or(ForgeError::Message("no cases"))?;
    case.letter.subject = chance.one_of(&SUBJECTS, "");
    let signer = keys.provider(case.author)?.in_style(style(chance));
    let made = make_with(case, signer, keys)?;
    let opened = open(&made.octets)?;
    let daticert = opened.daticert().map(String::into_bytes);
    let whole = Generated { tampered: "", octets: made.octets, at: made.at, daticert };
    match chance.below(6) {
        0 => damage::damaged(whole, &opened, &made.signer, chance, keys),
        1 => Ok(markup::bent(whole, opened, &made.signer, chance)),
        _ => Ok(whole),
    }
}

fn style(chance: &mut Chance) -> Style {
    const ENCODINGS: [Encoding; 3] = [Encoding::Base64, Encoding::QuotedPrintable, Encoding::SevenBit];
    let types = ["application/x-pkcs7-signature", "application/pkcs7-signature"];
    let layout = chance.one_of(&[Layout::Indented, Layout::Flat, Layout::Tabs, Layout::Terse], Layout::Indented);
    Style {
        digest: if chance.once_in(40) { Digest::Sha1 } else { Digest::Sha256 },
        ber: chance.flip(),
        more_attributes: chance.flip(),
        signature_type: chance.one_of(&types, "application/pkcs7-signature"),
        preamble: chance.flip(),
        html: chance.flip(),
        original_first: chance.flip(),
        inline: chance.flip(),
        data_encoding: match layout {
            // A line of more than 998 octets, or one that ends with LF, does not travel as it is.
            Layout::Tabs | Layout::Terse => chance.one_of(&ENCODINGS[..2], Encoding::Base64),
            Layout::Indented | Layout::Flat => chance.one_of(&ENCODINGS, Encoding::Base64),
        },
        text_encoding: chance.one_of(&ENCODINGS, Encoding::Base64),
        says_seven_bit: chance.flip(),
        layout,
        quotes: chance.one_of(&[Quotes::Some, Quotes::All, Quotes::None], Quotes::Some),
        date: chance.one_of(&[DateForm::Local, DateForm::Commented, DateForm::Universal], DateForm::Local),
        zone_colon: chance.flip(),
        words: chance.one_of(&[Words::Utf8Base64, Words::Utf8Quoted, Words::Latin], Words::Latin),
        ..Style::default()
    }
}
