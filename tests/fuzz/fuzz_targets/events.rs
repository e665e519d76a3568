//! Fuzz target: bytes into the events of a stream.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    foundry_fuzz::events(input);
});
