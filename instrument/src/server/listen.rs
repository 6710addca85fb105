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

    net::SocketAddr::from_pathname(path).map_err(|error| match path.as_os_str().len() {
        length @ 100.. => {
            io::Error::other(format!("a socket's path has some 100 bytes at most, not {length}"))
        }
        _ => error,
    })?;
    make_room(path)?;
    let socket = net::UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    socket.set_nonblocking(true)?;
    Ok(Listener { socket: Socket::Unix(socket), address: Address::Unix(path.to_owned()) })
}

/// Removes the socket that a process that is gone has left. One that still listens is not
/// disturbed, nor is any other file: a wrong path must cost nobody anything.
#[cfg(unix)]
fn make_room(path: &std::path::Path) -> io::Result<()> {
    use std::os::unix::{fs::FileTypeExt, net};

    let Ok(found) = fs::symlink_metadata(path) else { return Ok(()) };
    if !found.file_type().is_socket() {
        return Err(io::Error::other("what is there is no socket, and is left alone"));
    }
    let answer = net::UnixStream::connect(path).map_err(|error| error.kind());
    if answer.is_err_and(|kind| kind == io::ErrorKind::ConnectionRefused) {
        fs::remove_file(path)?;
    }
    Ok(())
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

    #[cfg(unix)]
    fn path_of(test: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("holdover-{test}-{}", std::process::id()));
        let _ = fs::remove_file(&path);
        path
    }

    #[cfg(unix)]
    #[test]
    fn only_a_socket_that_nobody_listens_on_is_removed() {
        let path = path_of("room");
        let bind = || Listener::bind(&Bind::Unix(path.clone()));
        let first = bind().expect("nothing is there");
        let error = bind().expect_err("it listens").to_string();
        assert!(error.contains("another process has it"), "{error}");
        drop(first);
        assert!(path.exists(), "it is left behind");
        drop(bind().expect("nobody listens there any more"));
        fs::remove_file(&path).expect("it is there again");
        fs::write(&path, "a ledger").expect("a file");
        let error = bind().expect_err("it is no socket").to_string();
        assert!(error.ends_with(": what is there is no socket, and is left alone"), "{error}");
        assert_eq!(fs::read_to_string(&path).expect("it is still there"), "a ledger");
        fs::remove_file(&path).expect("it is removed");
    }

    #[cfg(unix)]
    #[test]
    fn a_socket_s_path_that_is_too_long_is_said_to_be() {
        let path = PathBuf::from(format!("/tmp/{}", "x".repeat(120)));
        let error = Listener::bind(&Bind::Unix(path)).expect_err("too long").to_string();
        assert!(error.ends_with(": a socket's path has some 100 bytes at most, not 125"));
    }
}
