/// Writes DER anew as BER: constructed values down to that depth get the indefinite length, all below stays as it is.
///
/// What is no DER comes back as it came.
pub(crate) fn indefinite(der: &[u8], depth: usize) -> Vec<u8> {
    let mut ber = Vec::with_capacity(der.len() + 64);
    let mut rest = der;
    while let Some((header, content, behind)) = value(rest) {
        let constructed = header.first().is_some_and(|tag| tag & 0x20 != 0);
        if constructed && depth > 0 {
            ber.extend(header.first());
            ber.push(0x80);
            ber.extend(indefinite(content, depth - 1));
            ber.extend([0, 0]);
        } else {
            ber.extend_from_slice(header);
            ber.extend_from_slice(content);
        }
        rest = behind;
    }
    ber.extend_from_slice(rest);
    ber
}

/// Tag and length, content, what follows; none where it is cut short, or the tag has more than one octet.
fn value(der: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (tag, length) = (*der.first()?, *der.get(1)?);
    let (octets, length) = match length {
        0..=0x7f => (0, usize::from(length)),
        0x81..=0x84 => {
            let octets = usize::from(length & 0x7f);
            let digits = der.get(2..2 + octets)?;
            (octets, digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)))
        }
        _ => return None,
    };
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (header, rest) = der.split_at_checked(2 + octets)?;
    let (content, behind) = rest.split_at_checked(length)?;
    Some((header, content, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constructed_values_lose_their_length_down_to_the_depth() {
        let der = [0x30, 7, 0x30, 2, 0x05, 0, 0x02, 1, 5];
        assert_eq!(indefinite(&der, 0), der);
        assert_eq!(indefinite(&der, 1), [0x30, 0x80, 0x30, 2, 0x05, 0, 0x02, 1, 5, 0, 0]);
        assert_eq!(indefinite(&der, 2), [0x30, 0x80, 0x30, 0x80, 0x05, 0, 0, 0, 0x02, 1, 5, 0, 0]);
    }

    #[test]
    fn what_is_no_der_stays_as_it_is() {
        for octets in [&b""[..], b"\x30", b"\x30\x85\x01", b"\x30\x05\x01", b"\x3f\x01\x00"] {
            assert_eq!(indefinite(octets, 3), octets);
        }
    }
}
