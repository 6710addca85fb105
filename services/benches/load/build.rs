//! What Holdover adds to the building of a service: crates, seconds, megabytes.
//!
//! The service is a package of its own in a temporary directory, built twice from nothing,
//! with the versions of this workspace's lock file and nothing from the network. Nothing is
//! asserted.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::Instant,
};

use serde_json::json;

const MANIFEST: &str = include_str!("build/Cargo.toml.txt");
const MAIN: &str = include_str!("build/main.rs.txt");
const FLAGS: &str = "--cfg tokio_unstable";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum With {
    Nothing,
    Holdover,
}

/// What a build came to.
#[derive(Clone, Copy, Debug)]
struct Built {
    crates: usize,
    seconds: f64,
    megabytes: f64,
}

pub fn run(json: bool) -> ExitCode {
    match (measure(With::Nothing), measure(With::Holdover)) {
        (Ok(bare), Ok(with)) => {
            print(json, bare, with);
            ExitCode::SUCCESS
        }
        (Err(error), _) | (_, Err(error)) => {
            eprintln!("load: the service cannot be built: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(with: With) -> Result<Built, String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let at = directory.path();
    write(at, with).map_err(|error| error.to_string())?;
    let tree = cargo(at, &["tree", "--edges=normal", "--prefix=none", "--format={p}"])?;
    let mut crates: Vec<&str> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    crates.sort_unstable();
    crates.dedup();
    eprintln!("building the service, {}", name(with));
    let began = Instant::now();
    cargo(at, &["build", "--release"])?;
    let seconds = began.elapsed().as_secs_f64();
    let binary = at.join("target/release/shop");
    let bytes = fs::metadata(binary).map_err(|error| error.to_string())?.len();
    Ok(Built { crates: crates.len(), seconds, megabytes: bytes as f64 / 1e6 })
}

fn name(with: With) -> &'static str {
    match with {
        With::Nothing => "without holdover",
        With::Holdover => "with holdover",
    }
}

/// Writes the package into `at`.
fn write(at: &Path, with: With) -> std::io::Result<()> {
    let workspace = workspace();
    let library = workspace.join("instrument");
    let (dependency, starts) = match with {
        With::Nothing => (String::new(), "tracing_subscriber::fmt::init();"),
        With::Holdover => {
            (format!("holdover = {{ path = '{}' }}", library.display()), "holdover::init();")
        }
    };
    fs::create_dir(at.join("src"))?;
    fs::write(at.join("Cargo.toml"), MANIFEST.replace("# HOLDOVER", &dependency))?;
    fs::write(at.join("src/main.rs"), MAIN.replace("// START", starts))?;
    fs::copy(workspace.join("Cargo.lock"), at.join("Cargo.lock")).map(drop)
}

fn workspace() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// What it prints, or says is wrong.
fn cargo(at: &Path, args: &[&str]) -> Result<String, String> {
    let output = Command::new(env!("CARGO"))
        .args(args)
        .arg("--offline")
        .current_dir(at)
        .env("CARGO_TARGET_DIR", at.join("target"))
        .env("RUSTFLAGS", FLAGS)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn print(json: bool, bare: Built, with: Built) {
    if json {
        for (which, built) in [(With::Nothing, bare), (With::Holdover, with)] {
            let Built { crates, seconds, megabytes } = built;
            let object = json!({
                "type": "build", "mode": name(which), "crates": crates,
                "cold_build_s": seconds, "stripped_mb": megabytes,
            });
            println!("{object}");
        }
        return;
    }
    println!("\nan axum service, built cold in release, stripped\n");
    println!("{:<18}{:>14}{:>14}{:>14}", "", "without", "with", "adds");
    let row = |what: &str, digits: usize, bare: f64, with: f64| {
        let adds = with - bare;
        println!("{what:<18}{bare:>14.digits$}{with:>14.digits$}{adds:>14.digits$}");
    };
    row("crates", 0, bare.crates as f64, with.crates as f64);
    row("cold seconds", 1, bare.seconds, with.seconds);
    row("megabytes", 2, bare.megabytes, with.megabytes);
}
