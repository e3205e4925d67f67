//! What a page of HTML shows, as facts are looked for in it.

use mail_parser::decoders::html::html_to_text;

use super::text::squeezed;
use crate::reading::cut;

/// The text that a page shows, squeezed. Nearly all pages are read in one go; what that does not understand is left to the
/// decoder, of which it is the short form: blanks and line ends, which take the decoder its time, are squeezed out anyway.
pub(super) fn squeezed_page(html: &str) -> String {
    shown(html).map_or_else(|| squeezed(&html_to_text(html)), |text| squeezed(&text))
}

/// Elements whose content is not shown.
const HIDING: [&str; 4] = ["head", "style", "script", "template"];

/// The characters outside of tags; none where there is a comment, or a reference to a rare character.
fn shown(html: &str) -> Option<String> {
    let mut text = String::with_capacity(html.len());
    let mut hides = [false; HIDING.len()];
    let mut rest = html;
    loop {
        let (piece, behind) = cut(rest, b'<').map_or((rest, None), |(piece, behind)| (piece, Some(behind)));
        if !hides.contains(&true) {
            push(piece, &mut text)?;
        }
        let Some(behind) = behind else { return Some(text) };
        let Some((inside, behind)) = cut(behind, b'>') else { return Some(text) };
        // A tag within a tag begins anew.
        let inside = memchr::memrchr(b'<', inside.as_bytes()).and_then(|at| inside.get(at + 1..)).unwrap_or(inside);
        if cut(inside, b'!').is_some_and(|(_, behind)| behind.contains("--")) {
            return None;
        }
        let is_outer = |c: char| matches!(c, '/' | ' ' | '\t' | '\r' | '\n');
        let name = inside.trim_matches(is_outer);
        if let Some(place) = HIDING.iter().position(|one| one.eq_ignore_ascii_case(name)) {
            let closes = inside.trim_end_matches(is_outer).contains('/');
            if let Some(hides) = hides.get_mut(place) {
                *hides = !closes;
            }
        }
        rest = behind;
    }
}

/// What stands between tags, references to characters resolved.
fn push(piece: &str, text: &mut String) -> Option<()> {
    let mut rest = piece;
    while let Some((before, behind)) = cut(rest, b'&') {
        let (name, behind) = cut(behind, b';')?;
        text.push_str(before);
        text.push(character(name)?);
        rest = behind;
    }
    text.push_str(rest);
    Some(())
}

/// The characters that Italian pages refer to.
fn character(name: &str) -> Option<char> {
    Some(match name {
        "agrave" => 'à',
        "egrave" => 'è',
        "eacute" => 'é',
        "igrave" => 'ì',
        "ograve" => 'ò',
        "ugrave" => 'ù',
        "nbsp" => '\u{a0}',
        "quot" => '"',
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "#39" => '\'',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the quick way says what the decoder says. Method: both, over pages with one oddity each.
    #[test]
    fn a_page_shows_what_the_decoder_finds_in_it() {
        let read_quickly = [
            "",
            "no tag",
            "<html><body><p>Il giorno 01/07/2026<br>alle ore <b>10:00</b>:01</body></html>",
            "<html><head><title>Avviso</title></head><body>testo</body></html>",
            "<HEAD>a</HEAD>b< head >c</ head >d",
            "<head><style>p { }</style>x</head>y<script>z</script>w<template>v</template>u",
            "<style type=\"text/css\">shown all the same</style>",
            "a&egrave;b &amp;&nbsp;c; d&lt;e&gt;f&quot;&#39;",
            "a < b > c > d",
            "a <b <c> d",
            "a <unclosed",
            "<head/>hidden</head>shown",
            "<!DOCTYPE html><p>x",
            "<p/a>x</p><br/>y< / p >z",
            "Citt\u{e0} \u{2026} \u{fffd} \u{1F600}",
        ];
        for page in read_quickly {
            let quick = shown(page).map(|text| squeezed(&text));
            assert_eq!(quick.as_deref(), Some(&*squeezed(&html_to_text(page))), "{page}");
        }
    }

    #[test]
    fn what_it_does_not_understand_goes_to_the_decoder() {
        for page in ["a<!-- b > c -->d", "a<!-->b", "&hellip;", "a & b", "&#8217;", "&egrave", "&;"] {
            assert_eq!(shown(page), None, "{page}");
            assert_eq!(squeezed_page(page), squeezed(&html_to_text(page)));
        }
    }
}
