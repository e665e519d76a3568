//! Fuzz target: any answer into a value or an error of the SDK.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    foundry_fuzz::answers(input);
});
