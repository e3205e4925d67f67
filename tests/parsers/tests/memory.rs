//! Goal: a message costs at most four times its octets. Method: an allocator that counts, one test to a process.

use collaudo_parsers::run;
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

const OCTETS: usize = 20_000_000;

#[test]
fn a_submission_of_twenty_megabytes_stays_within_four_times_its_octets() {
    let line = [b"x".repeat(76), b"\r\n".to_vec()].concat();
    let content = line.repeat(OCTETS / line.len());
    let opening = "SEHLO a\r\nSTARTTLS\r\nEHLO a\r\nAUTH PLAIN AGFubmFAYWxmYS50ZXN0AHNlZ3JldGE=\r\nMAIL FROM:<anna@alfa.test>\r\n\
                   RCPT TO:<aldo@alfa.test>\r\nDATA\r\nFrom: anna@alfa.test\r\nTo: aldo@alfa.test\r\n\
                   Date: Mon, 02 Mar 2026 11:00:00 +0100\r\nSubject: Grande\r\n\r\n";
    let dialogue = [opening.as_bytes(), &content, b".\r\nQUIT\r\n"].concat();
    drop(content);
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    run("smtp", &dialogue);
    let grown = ALLOCATED.peak_usage().saturating_sub(before);
    println!(
        "{OCTETS} octets submitted and delivered: {grown} allocated at the peak, {:.2} times",
        grown as f64 / OCTETS as f64
    );
    assert!(grown > OCTETS, "the message was not taken");
    assert!(grown <= 4 * OCTETS, "{grown}");
}
