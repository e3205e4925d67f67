use collaudo_record::{Anatomy, Instant, Part, Signature};

use crate::{
    check::View,
    reading::{Entity, Form, Kind, Reading, message_of},
    sighting::Sighting,
};

/// Every message of the trace as the judge read it, in the order in which they were first seen. A copy that gained trace
/// fields is a body of its own, and has its own.
pub(crate) fn anatomies(view: &View<'_>) -> Vec<Anatomy> {
    let mut anatomies: Vec<Anatomy> = Vec::new();
    for (event, place) in view.trace.events.iter().zip(0..) {
        let body = message_of(&event.what);
        let Some(reading) = body.and_then(|body| view.readings.get(body)) else { continue };
        if !anatomies.iter().any(|anatomy| anatomy.body == reading.body) {
            anatomies.push(anatomy(view, reading, place));
        }
    }
    anatomies
}

fn anatomy(view: &View<'_>, reading: &Reading, first_seen: u32) -> Anatomy {
    let mut parts = Vec::new();
    list(&reading.root, 0, &mut parts);
    let is_same = |sighting: &&Sighting<'_>| sighting.reading.essence == reading.essence;
    let first = view.sightings.iter().find(is_same).map_or(&reading.body, |sighting| &sighting.reading.body);
    let step = view.story.step_of(&reading.body).or_else(|| view.story.step_of(first));
    Anatomy {
        body: reading.body.clone(),
        kind: reading.kind.wire().to_owned(),
        label: label(reading),
        step: step.map(str::to_owned),
        octets: reading.octets,
        first_seen,
        headers: reading.head.fields.iter().map(|field| (field.name().to_owned(), field.value().to_owned())).collect(),
        signature: reading.signature.as_ref().map(|signature| Signature {
            valid: signature.valid,
            reason: signature.reason.clone(),
            digest: signature.digest.clone(),
            signer: signature.signer.as_ref().map(|signer| signer.subject.clone()).unwrap_or_default(),
            signed_at: signature.signed_at.map(rfc3339).unwrap_or_default(),
        }),
        parts,
        text: beginning(&reading.text),
        daticert: reading.daticert.as_ref().map(|daticert| beginning(&daticert.xml)),
    }
}

/// As much of a text as a person reads in a report; whoever wants it all has the message.
fn beginning(text: &str) -> String {
    const SHOWN: usize = 2 << 10;
    if text.len() <= SHOWN {
        return text.to_owned();
    }
    let kept = &text[..text.floor_char_boundary(SHOWN)];
    format!("{kept}\n[{} more octets]", text.len() - kept.len())
}

fn rfc3339(at: Instant) -> String {
    jiff::Timestamp::from_microsecond(at.0).map(|at| at.to_string()).unwrap_or_default()
}

/// How deep is bounded by the reader.
fn list(entity: &Entity, depth: u32, parts: &mut Vec<Part>) {
    parts.push(Part {
        depth,
        content_type: entity.media_type.to_string(),
        name: entity.name.clone().unwrap_or_default(),
        octets: u64::try_from(entity.body.len()).unwrap_or(u64::MAX),
    });
    entity.children.iter().for_each(|child| list(child, depth + 1, parts));
}

/// For people: `delivery receipt (complete) for bruno@beta.test`.
pub(crate) fn label(reading: &Reading) -> String {
    let daticert = reading.daticert.as_ref();
    let about_virus = daticert.is_some_and(|daticert| daticert.errore.as_deref() == Some("virus"));
    let name = match (reading.kind, about_virus) {
        (Kind::Accettazione, _) => "acceptance receipt",
        (Kind::NonAccettazione, false) => "non-acceptance notice",
        (Kind::NonAccettazione, true) => "non-acceptance notice (virus)",
        (Kind::PostaCertificata, _) => "transport envelope",
        (Kind::PresaInCarico, _) => "take-charge receipt",
        (Kind::AvvenutaConsegna, _) => match reading.form() {
            Some(Form::Complete) => "delivery receipt (complete)",
            Some(Form::Brief) => "delivery receipt (brief)",
            Some(Form::Concise) | None => "delivery receipt (concise)",
        },
        (Kind::ErroreConsegna, false) => "non-delivery notice",
        (Kind::ErroreConsegna, true) => "non-delivery notice (virus)",
        (Kind::PreavvisoErroreConsegna, _) => "timeout notice",
        (Kind::RilevazioneVirus, _) => "virus-detection notice",
        (Kind::Anomalia, _) => "anomaly envelope",
        (Kind::Ordinary, _) => "ordinary message",
    };
    let concerned = match (reading.kind, daticert) {
        (Kind::PresaInCarico, Some(daticert)) => {
            few(&daticert.ricezione.iter().map(String::as_str).collect::<Vec<_>>())
        }
        (_, Some(daticert)) if daticert.consegna.is_some() => daticert.consegna.clone().unwrap_or_default(),
        _ => few(&reading.head.to.iter().map(|to| to.address.as_str()).collect::<Vec<_>>()),
    };
    if concerned.is_empty() { name.to_owned() } else { format!("{name} for {concerned}") }
}

/// The first addresses of a long list.
fn few(addresses: &[&str]) -> String {
    const SHOWN: usize = 5;
    match addresses.get(..SHOWN) {
        Some(first) if addresses.len() > SHOWN => format!("{} and {} more", first.join(", "), addresses.len() - SHOWN),
        _ => addresses.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::{beginning, few};
    use crate::{fixture, judge};

    #[test]
    fn what_no_report_can_show_is_cut_and_says_so() {
        let long = "è".repeat(10_000);
        let cut = beginning(&long);
        assert!(cut.starts_with("èè") && cut.ends_with("[17952 more octets]"), "{}", &cut[cut.len() - 40..]);
        assert_eq!(beginning("breve"), "breve");
        assert_eq!(few(&["a", "b", "c", "d", "e"]), "a, b, c, d, e");
        assert_eq!(few(&["a", "b", "c", "d", "e", "f", "g"]), "a, b, c, d, e and 2 more");
    }

    #[test]
    fn every_message_has_its_anatomy_in_the_order_of_first_sight() {
        let messages = judge(&fixture::trace(|_| {})).messages;
        let labels: Vec<&str> = messages.iter().map(|message| message.label.as_str()).collect();
        let everyone = "bruno@beta.test, piena@beta.test";
        let expected = [
            "acceptance receipt for anna@alfa.test".to_owned(),
            format!("transport envelope for {everyone}"),
            "take-charge receipt for bruno@beta.test, piena@beta.test".to_owned(),
            "delivery receipt (complete) for bruno@beta.test".to_owned(),
            "delivery receipt (brief) for bruno@beta.test".to_owned(),
            "delivery receipt (concise) for bruno@beta.test".to_owned(),
            "non-delivery notice for piena@beta.test".to_owned(),
            "anomaly envelope for bruno@beta.test".to_owned(),
            "timeout notice for elsa@gamma.test".to_owned(),
        ];
        assert!(expected.iter().all(|label| labels.contains(&label.as_str())), "{labels:#?}");
        assert!(messages.windows(2).all(|pair| pair[0].first_seen < pair[1].first_seen));
        let envelope = messages.iter().find(|message| message.kind == "posta-certificata").expect("an envelope");
        let signature = envelope.signature.as_ref().expect("it is signed");
        assert_eq!((signature.valid, signature.signed_at.as_str()), (true, "2026-07-01T08:00:01Z"));
        assert_eq!(signature.signer, "CN=Posta Certificata, O=Alfa PEC S.p.A., C=IT");
        let parts: Vec<_> = envelope.parts.iter().map(|part| (part.depth, part.content_type.as_str())).collect();
        assert_eq!(parts[..3], [(0, "multipart/signed"), (1, "multipart/mixed"), (2, "text/plain")]);
        assert_eq!(envelope.step.as_deref(), Some("m1"));
    }
}
