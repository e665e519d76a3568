//! foundry-emulator
