//! Compiles the part of wslay's API that a target uses.

fn main() {
    println!("cargo:rerun-if-changed=src/peers/wslay.c");
    #[cfg(feature = "wslay")]
    {
        cc::Build::new().file("src/peers/wslay.c").compile("fuzz_wslay");
        println!("cargo:rustc-link-lib=wslay");
    }
}
