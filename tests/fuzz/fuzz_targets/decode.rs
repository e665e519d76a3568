//! Fuzz target: JSON into the wire types.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    foundry_fuzz::decode(input);
});
