//! One program for every target: the parser is the one that the program is named after.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| collaudo_parsers::run(env!("CARGO_BIN_NAME"), octets));
