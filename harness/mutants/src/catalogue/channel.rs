//! Channels: TLS between user and provider, and between providers.

use super::CROSS;

mutants! {
    "submission-in-clear", CROSS, "The user's message crosses without TLS.",
        ["5.3-01", "5.3-02"],
        |b| {
            b.in_clear(|transfer| transfer.step.is_some())?;
            b.only("alfa");
            Ok(())
        };
    "envelope-in-clear", CROSS, "The envelope crosses between providers without TLS.",
        ["5.3-01", "5.3-03"],
        |b| {
            b.in_clear(|transfer| transfer.step.is_none() && transfer.session.client == "alfa")?;
            b.only("alfa");
            Ok(())
        };
    "receipts-in-clear", CROSS, "Receipts cross between providers without TLS.",
        ["5.3-01", "5.3-03"],
        |b| {
            b.in_clear(|transfer| transfer.step.is_none() && transfer.session.client == "beta")?;
            b.only("beta");
            Ok(())
        };
}
