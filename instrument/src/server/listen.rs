//! Where the console listens, and the file by which a client finds it.

use std::{
    fmt, fs,
    io::{self, Write},
    net::{SocketAddr, TcpListener},
    path::PathBuf,
};

#[cfg(unix)]
use tokio_stream::wrappers::UnixListenerStream;
use tokio_stream::{StreamExt, wrappers::TcpListenerStream};
use tonic::transport::Server;

use super::{connection::Connection, routes::Routes};
use crate::settings::Bind;

/// More streams than a person opens; a hostile client gets no more.
const STREAMS_A_CONNECTION: u32 = 64;

/// A socket that listens already: a port that is taken is known at the start.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: Socket,
    pub(crate) address: Address,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixListener),
}

/// Where it listens: with the port it got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Tcp(SocketAddr),
    #[cfg(unix)]
    Unix(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            #[cfg(unix)]
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// The address cannot be listened on.
#[derive(Debug)]
pub(crate) struct ListenError {
    bind: Bind,
    error: io::Error,
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.error.kind() == io::ErrorKind::AddrInUse {
            let who = match &self.bind {
                Bind::Tcp(address) => who_listens(*address),
                Bind::Unix(_) => None,
            };
            let who = who.unwrap_or_else(|| "another process".to_owned());
            write!(
                f,
                "cannot listen on {}: {who} has it; choose another with HOLDOVER_BIND, or \
                 HOLDOVER_BIND=127.0.0.1:0 for any free port",
                self.bind
            )
        } else {
            write!(f, "cannot listen on {}: {}", self.bind, self.error)
        }
    }
}

impl Listener {
    pub(crate) fn bind(bind: &Bind) -> Result<Self, ListenError> {
        let failed = |error| ListenError { bind: bind.clone(), error };
        match bind {
            Bind::Tcp(address) => tcp(*address).map_err(failed),
            #[cfg(unix)]
            Bind::Unix(path) => unix(path).map_err(failed),
            #[cfg(not(unix))]
            Bind::Unix(_) => Err(failed(io::ErrorKind::Unsupported.into())),
        }
    }
}

fn tcp(address: SocketAddr) -> io::Result<Listener> {
    let socket = TcpListener::bind(address)?;
    socket.set_nonblocking(true)?;
    let address = Address::Tcp(socket.local_addr()?);
    Ok(Listener { socket: Socket::Tcp(socket), address })
}

#[cfg(unix)]
fn unix(path: &std::path::Path) -> io::Result<Listener> {
    use std::os::unix::{fs::PermissionsExt, net};

    // What a process that is gone has left; one that still listens is not disturbed.
    if path.exists() && net::UnixStream::connect(path).is_err() {
        fs::remove_file(path)?;
    }
    let socket = net::UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    socket.set_nonblocking(true)?;
    Ok(Listener { socket: Socket::Unix(socket), address: Address::Unix(path.to_owned()) })
}

/// Serves whoever connects. A broken client costs its own connection.
pub(super) async fn serve(listener: Listener, routes: Routes) {
    let server = Server::builder().max_concurrent_streams(STREAMS_A_CONNECTION);
    let served = match listener.socket {
        Socket::Tcp(socket) => match tokio::net::TcpListener::from_std(socket) {
            Ok(socket) => {
                let incoming = TcpListenerStream::new(socket).map(|it| it.map(Connection::new));
                server.serve_with_incoming(routes, incoming).await.map_err(|it| it.to_string())
            }
            Err(error) => Err(error.to_string()),
        },
        #[cfg(unix)]
        Socket::Unix(socket) => match tokio::net::UnixListener::from_std(socket) {
            Ok(socket) => {
                let incoming = UnixListenerStream::new(socket).map(|it| it.map(Connection::new));
                server.serve_with_incoming(routes, incoming).await.map_err(|it| it.to_string())
            }
            Err(error) => Err(error.to_string()),
        },
    };
    if let Err(error) = served {
        crate::report::server_failed(&error);
    }
}

/// Leaves a file by which a client on this machine finds the service. Best effort:
/// without a runtime directory there is none.
pub(crate) fn announce(service: &str, address: &str) {
    let _ = write_announcement(service, address);
}

fn write_announcement(service: &str, address: &str) -> io::Result<()> {
    let Some(runtime) = std::env::var_os("XDG_RUNTIME_DIR").filter(|dir| !dir.is_empty()) else {
        return Ok(());
    };
    let folder = PathBuf::from(runtime).join("holdover");
    fs::create_dir_all(&folder)?;
    let pid = std::process::id();
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(folder.join(pid.to_string()))?;
    let one_line = |text: &str| text.replace(['\n', '\r'], " ");
    let service = one_line(service);
    let address = one_line(address);
    write!(file, "pid {pid}\nservice {service}\naddress {address}\n")
}

/// The process that listens on this port of this machine, where that can be told.
#[cfg(target_os = "linux")]
fn who_listens(address: SocketAddr) -> Option<String> {
    let inode = listening_inode(address.port())?;
    let wanted = format!("socket:[{inode}]");
    for process in fs::read_dir("/proc").ok()?.flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|it| it.parse::<u32>().ok()) else {
            continue;
        };
        let path = process.path();
        let Ok(files) = fs::read_dir(path.join("fd")) else { continue };
        let has_it = |file: fs::DirEntry| {
            fs::read_link(file.path()).is_ok_and(|to| to.as_os_str() == wanted.as_str())
        };
        if files.flatten().any(has_it) {
            let name = fs::read_to_string(path.join("comm")).unwrap_or_default();
            return Some(format!("{} (pid {pid})", name.trim()));
        }
    }
    None
}

#[cfg(target_os = "linux")]
fn listening_inode(port: u16) -> Option<String> {
    const LISTEN: &str = "0A";
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let text: String = tables.iter().flat_map(fs::read_to_string).collect();
    let port = format!(":{port:04X}");
    text.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let listens = fields.get(1)?.ends_with(&port) && *fields.get(3)? == LISTEN;
        listens.then(|| fields.get(9).map(|inode| (*inode).to_owned())).flatten()
    })
}

#[cfg(not(target_os = "linux"))]
fn who_listens(_: SocketAddr) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_names_who_has_it() {
        let first = Listener::bind(&Bind::Tcp(([127, 0, 0, 1], 0).into())).expect("a free port");
        let Address::Tcp(address) = first.address else { panic!("a TCP address") };
        let error = Listener::bind(&Bind::Tcp(address)).expect_err("it is taken").to_string();
        assert!(error.starts_with(&format!("cannot listen on {address}: ")), "{error}");
        assert!(error.contains("HOLDOVER_BIND=127.0.0.1:0"), "{error}");
        #[cfg(target_os = "linux")]
        assert!(error.contains(&format!("(pid {})", std::process::id())), "{error}");
    }
}
