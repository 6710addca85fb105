//! The committed code is what the `.proto` files generate.
//!
//! `HOLDOVER_BLESS=1 cargo test -p holdover-proto` writes it instead.

use std::{fs, path::Path};

use prost::Message;

/// The files, each with its package.
const FILES: [(&str, &str); 2] = [
    ("holdover/v1/holdover.proto", "holdover.v1"),
    ("tokio_console/instrument.proto", "rs.tokio.console.instrument"),
];

fn generate(out: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = protox::compile(FILES.map(|(file, _)| file), [root]).expect("they compile");
    fs::write(out.join("descriptors.bin"), files.encode_to_vec()).expect("it can be written");
    let mut configured = tonic_prost_build::configure().out_dir(out).build_transport(false);
    for (_, package) in FILES {
        configured = configured
            .client_mod_attribute(package, "#[cfg(feature = \"client\")]")
            .server_mod_attribute(package, "#[cfg(feature = \"server\")]");
    }
    configured.compile_fds(files).expect("it generates");
}

#[test]
fn committed_code_is_current() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    generate(dir.path());
    let code = FILES.map(|(_, package)| format!("{package}.rs"));
    for file in code.into_iter().chain(["descriptors.bin".to_owned()]) {
        let fresh = fs::read(dir.path().join(&file)).expect("a generated file");
        let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/generated").join(&file);
        if std::env::var_os("HOLDOVER_BLESS").is_some() {
            fs::write(&committed, &fresh).expect("it can be written");
        }
        let current = fs::read(&committed).unwrap_or_default();
        assert!(
            fresh == current,
            "the committed {file} is not what the .proto files generate: run HOLDOVER_BLESS=1 cargo test -p holdover-proto"
        );
    }
}
