//! Names the shared library, and with the feature `header` writes `include/wscodec.h`.

#[cfg(feature = "header")]
#[path = "build/header/mod.rs"]
mod header;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let unix = std::env::var_os("CARGO_CFG_UNIX").is_some();
    let apple =
        std::env::var("CARGO_CFG_TARGET_VENDOR").is_ok_and(|vendor| vendor == "apple");
    // A Rust program that depends on the crate has no shared library to name.
    let shared = std::env::var_os("CARGO_FEATURE_CAPI").is_some();
    if shared && unix && !apple {
        let abi = env!("CARGO_PKG_VERSION_MAJOR");
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libwscodec.so.{abi}");
    }
    if rustc_minor().is_some_and(|minor| minor >= 89) {
        println!("cargo::rustc-cfg=wscodec_avx512");
    }
    #[cfg(feature = "header")]
    header::write();
}

/// The minor version of the compiler. 1.89 is the first that knows AVX-512.
fn rustc_minor() -> Option<u32> {
    let rustc = std::env::var_os("RUSTC")?;
    let output = std::process::Command::new(rustc).arg("--version").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    version.strip_prefix("rustc 1.")?.split('.').next()?.parse().ok()
}
