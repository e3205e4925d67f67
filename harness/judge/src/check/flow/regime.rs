//! The rows of the qualified service that is to follow PEC (REM): they bind whom it has become.

use collaudo_record::{Outcome, Provider, What};

use super::{Check, Findings, Occasion, View};
use crate::{Clause, reading::Kind};

/// Evidence in the place of certification data.
pub(super) const EVIDENCE: Check = Check { clauses: &[Clause::PEC_REM_532_03], run: evidence };

//= PEC-REM.532-03
fn evidence(view: &View<'_>, out: &mut Findings) {
    for (event, place) in view.trace.events.iter().zip(0_u32..) {
        let What::Terms(terms) = &event.what else { continue };
        let Some(provider) = view.story.providers.named(&terms.provider) else { continue };
        if terms.qualified {
            messages(view, out, provider, place);
        } else {
            let expected = "ERDS evidence in the place of daticert.xml, of a qualified service";
            let observed = "the provider says that its service is PEC, and not qualified";
            let occasion = Occasion::new(view, provider, [place]);
            occasion.judge(out, &[Clause::PEC_REM_532_03], Outcome::NotSupported, expected, observed);
        }
    }
}

fn messages(view: &View<'_>, out: &mut Findings, provider: &Provider, declared: u32) {
    let own = view.sightings.iter().filter(|one| one.issuer.is_some_and(|issuer| issuer.name == provider.name));
    for message in own {
        let reading = message.reading;
        let is_signed = reading.signature.as_ref().is_some_and(|signature| signature.valid);
        if reading.kind == Kind::Ordinary && !is_signed {
            continue;
        }
        let evidence = reading.evidence_part().is_some();
        let data = reading.parts().iter().any(|part| part.is_named("daticert.xml"));
        let expected = "a signed message with ERDS evidence, and without daticert.xml";
        let observed = format!("signature valid: {is_signed}, evidence: {evidence}, daticert.xml: {data}");
        let occasion = Occasion::new(view, provider, [declared, message.event]);
        occasion.holds(out, &[Clause::PEC_REM_532_03], is_signed && evidence && !data, expected, &observed);
    }
}
