//! XML laid out for reading.

use quick_xml::{Reader, events::Event};

/// Deeper elements are not set further to the right.
const DEEPEST: usize = 12;

/// The same document with an element a line; text that is not well-formed XML comes back as it is.
///
/// White space between elements is the only thing that changes.
pub(super) fn xml(source: &str) -> String {
    lay_out(source).unwrap_or_else(|| source.to_owned())
}

fn lay_out(source: &str) -> Option<String> {
    let mut reader = Reader::from_str(source);
    let mut out = String::with_capacity(source.len() * 2);
    let mut depth = 0_usize;
    let mut inline = false;
    let mut from = 0;
    loop {
        let event = reader.read_event().ok()?;
        let to = usize::try_from(reader.buffer_position()).ok()?;
        let piece = source.get(from..to)?;
        from = to;
        let deep = depth;
        match event {
            Event::Eof => return (depth == 0).then(|| out.trim().to_owned()),
            Event::Text(_) if piece.trim().is_empty() => continue,
            Event::Text(_) | Event::GeneralRef(_) | Event::CData(_) => {
                out.push_str(piece);
                inline = true;
                continue;
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                if inline {
                    out.push_str(piece);
                } else {
                    line(&mut out, depth, piece);
                }
                inline = false;
                continue;
            }
            Event::Start(_) => {
                depth += 1;
                line(&mut out, deep, piece);
                // An element without children closes on its own line.
                inline = source.get(to..).is_some_and(|rest| rest.starts_with("</"));
            }
            _ => {
                line(&mut out, deep, piece);
                inline = false;
            }
        }
    }
}

fn line(out: &mut String, depth: usize, piece: &str) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth.min(DEEPEST)));
    out.push_str(piece.trim());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_has_a_line_and_text_stays_as_it_is() {
        let source = "<?xml version=\"1.0\"?><a t='1'><b>x &amp; y</b><c></c><d/>\n\n<e><f> z </f></e></a>";
        let laid_out = "<?xml version=\"1.0\"?>\n<a t='1'>\n  <b>x &amp; y</b>\n  <c></c>\n  <d/>\n  <e>\n    <f> z </f>\n  </e>\n</a>";
        assert_eq!(xml(source), laid_out);
    }

    #[test]
    fn what_is_no_xml_comes_back_as_it_is() {
        for source in ["no < xml", "<a><b></a>", "<a>", "", "<a>&"] {
            assert_eq!(xml(source), source);
        }
    }

    #[test]
    fn depth_costs_no_more_than_its_lines() {
        let source = format!("{}{}", "<a>".repeat(5_000), "</a>".repeat(5_000));
        assert!(xml(&source).len() < source.len() * 10);
    }
}
