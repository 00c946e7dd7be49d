//! A `no_std` library must say what a panic does. Nothing in the release build can
//! reach this: built with `--cfg wscodec_panic_probe`, it links only if that is true.
#![allow(unsafe_code)]

#[cfg(not(wscodec_panic_probe))]
#[panic_handler]
fn abort(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: abort() takes nothing and is always callable.
    unsafe { libc::abort() }
}

#[cfg(wscodec_panic_probe)]
#[panic_handler]
fn fail_to_link(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        fn wscodec_can_panic() -> !;
    }
    // SAFETY: nowhere defined, so a library with this call in it does not link.
    unsafe { wscodec_can_panic() }
}

// The precompiled core refers to the function that guides unwinding. Nothing unwinds here,
// so nothing calls it; hidden, so that it is no export, and weak, so that a program may
// link another Rust library beside this one.
#[cfg(all(unix, not(target_vendor = "apple")))]
core::arch::global_asm!(
    ".pushsection .text.rust_eh_personality, \"ax\"",
    ".weak rust_eh_personality",
    ".hidden rust_eh_personality",
    "rust_eh_personality:",
    ".long 0",
    ".popsection",
);
