//! The readable text as HTML.

/// What a text says, in HTML: a paragraph for each run of lines, and nothing that the text does not say.
///
/// There is no title, since the message's subject is one, no reference to anything, and nothing active.
//= PEC-4.3.1-04
//= PEC-4.3.1-05
//= PEC-4.3.1-06
pub(super) fn html(text: &str) -> String {
    let mut out = String::from(
        "<html lang=\"it\">\n<head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=iso-8859-1\"></head>\n<body>\n",
    );
    for paragraph in text.split("\n\n").map(|lines| lines.trim_matches('\n')).filter(|lines| !lines.is_empty()) {
        out.push_str("<p>");
        out.push_str(&escape(paragraph).replace('\n', "<br>\n"));
        out.push_str("</p>\n");
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_user_wrote_is_text_and_never_markup() {
        let page = html("Oggetto\n\n\"<img src=x>\" & <script>\nda anna\n");
        assert!(
            page.contains("<p>Oggetto</p>\n<p>&quot;&lt;img src=x&gt;&quot; &amp; &lt;script&gt;<br>\nda anna</p>")
        );
        assert!(!page.contains("<img") && !page.contains("<script"));
    }
}
