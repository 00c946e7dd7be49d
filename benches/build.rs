//! Compiles each peer that is written in C or C++ into a shared library, as its users would: -O3,
//! for the baseline of the architecture. A peer that does not compile, for example because a
//! package is missing, is not an error: its rows state why they were not run.

use serde_json::Value;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The packages that are not peers.
const PLUMBING: [&str; 9] = [
    "bytes",
    "cc",
    "futures-io",
    "futures-util",
    "libc",
    "rand",
    "serde",
    "serde_json",
    "tokio-util",
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/peers");
    println!("cargo:rerun-if-changed=Cargo.lock");
    let packages = Packages::read();
    tell("CRATES", &packages.versions());
    tell("RUSTC", &first_line(Command::new(env::var("RUSTC").unwrap()).arg("--version")));
    tell(
        "CC",
        &first_line(cc::Build::new().get_compiler().to_command().arg("--version")),
    );
    let mask = packages.folder("tungstenite").join("src/protocol/frame/mask.rs");
    tell("TUNGSTENITE_MASK", &mask.display().to_string());

    let uwebsockets = packages.folder("libuwebsockets-sys").join("uWebSockets");
    shared_library("uwebsockets.cpp", &[], |build| {
        build
            .cpp(true)
            .std("c++20")
            .define("UWS_NO_ZLIB", None)
            .define("LIBUS_NO_SSL", None);
        build.define("LIBUS_USE_EPOLL", None);
        build.include(uwebsockets.join("src")).include(uwebsockets.join("uSockets/src"));
    });
    let picohttpparser =
        packages.folder("picohttpparser-sys").join("deps/picohttpparser");
    shared_library("picohttpparser.c", &[], |build| {
        // The default flags of that crate.
        build.flag("-msse4").include(picohttpparser);
    });
    shared_library("wslay.c", &["-lwslay"], |_| {});
    shared_library("openssl.c", &["-lcrypto"], |build| {
        build.define("OPENSSL_SUPPRESS_DEPRECATED", None);
    });
}

/// Compiles src/peers/SOURCE. The variable PEER_NAME has the path of the library for the
/// program, or the reason why there is none.
fn shared_library(
    source: &str,
    libraries: &[&str],
    configure: impl FnOnce(&mut cc::Build),
) {
    let name = Path::new(source).file_stem().unwrap().to_str().unwrap();
    let path = PathBuf::from(env::var("OUT_DIR").unwrap()).join(format!("lib{name}.so"));
    let mut build = cc::Build::new();
    build.opt_level(3).pic(true).debug(false).warnings(false);
    configure(&mut build);
    let mut compiler = build.get_compiler().to_command();
    compiler.arg("-shared").arg("-o").arg(&path).arg(Path::new("src/peers").join(source));
    compiler.args(libraries);
    let outcome = match compiler.output() {
        Ok(output) if output.status.success() => path.display().to_string(),
        Ok(output) => {
            // So that the next build tries again.
            println!("cargo:rerun-if-changed={}", path.display());
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let error = said.lines().find(|line| line.contains("error"));
            format!("!{source} does not compile: {}", error.unwrap_or(&said))
        }
        Err(error) => format!("!no compiler for {source}: {error}"),
    };
    tell(&format!("PEER_{}", name.to_uppercase()), &outcome);
}

fn tell(name: &str, value: &str) {
    println!("cargo:rustc-env={name}={}", value.replace('\n', " "));
}

fn first_line(command: &mut Command) -> String {
    let output = command.output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).lines().next().unwrap_or("unknown").to_string()
}

/// The packages that this crate depends on, from cargo, with those of `peer-sources`: cargo has
/// them in its cache, or downloads them.
struct Packages(Vec<Value>);

impl Packages {
    fn read() -> Packages {
        let output = Command::new(env::var("CARGO").unwrap())
            .args([
                "metadata",
                "--format-version=1",
                "--locked",
                "--features=peer-sources",
            ])
            .args(["--filter-platform", &env::var("TARGET").unwrap()])
            .output()
            .expect("cargo metadata");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "cargo metadata: {said}");
        let said: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata");
        let nodes = said["resolve"]["nodes"].as_array().unwrap();
        let this =
            nodes.iter().find(|node| node["id"] == said["resolve"]["root"]).unwrap();
        let direct = this["dependencies"].as_array().unwrap();
        let all = said["packages"].as_array().unwrap().iter();
        Packages(all.filter(|package| direct.contains(&package["id"])).cloned().collect())
    }

    fn folder(&self, name: &str) -> PathBuf {
        let package = self.0.iter().find(|package| package["name"] == name);
        let package =
            package.unwrap_or_else(|| panic!("this crate does not depend on {name}"));
        let manifest = package["manifest_path"].as_str().unwrap();
        Path::new(manifest).parent().unwrap().to_path_buf()
    }

    /// "name version" of each peer.
    fn versions(&self) -> String {
        let text = |value: &Value| value.as_str().unwrap().to_string();
        let is_peer = |package: &&Value| !PLUMBING.contains(&&*text(&package["name"]));
        let version =
            |package: &Value| text(&package["name"]) + " " + &text(&package["version"]);
        self.0.iter().filter(is_peer).map(version).collect::<Vec<_>>().join(", ")
    }
}
