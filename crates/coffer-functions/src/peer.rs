//! Who connects to the Runtime API of an instance: a process of that instance, or nobody.
//!
//! Clients of the Runtime API take `host:port` and nothing else, so there is no place for a secret
//! in the address, and which ports are listened to is for every process of the host to see. So the
//! kernel is asked whose the other end of a connection is.

use std::fs;
use std::net::{SocketAddr, SocketAddrV4};

use crate::process_tree::{descendants, holds_socket};

/// The processes that may speak to an instance's Runtime API.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instance {
    /// The process whose descendants they are.
    pub(crate) keeper: u32,
    /// Their user.
    pub(crate) uid: u32,
    /// Whether no other instance has this user.
    pub(crate) is_alone: bool,
}

impl Instance {
    /// Whether the connection from `remote` to `local` is one of this instance's.
    pub(crate) fn is_peer(self, local: SocketAddr, remote: SocketAddr) -> bool {
        let (SocketAddr::V4(local), SocketAddr::V4(remote)) = (local, remote) else {
            return false;
        };
        // Clients that speak to 127.0.0.1 by a socket of IPv6 are listed apart.
        let tables = [SOCKETS, "/proc/net/tcp6"];
        let mut found = tables.iter().filter_map(|table| fs::read_to_string(table).ok());
        let Some(socket) = found.find_map(|table| socket_of(&table, remote, local)) else {
            return false;
        };
        if socket.uid != self.uid {
            return false;
        }
        // Without the right to look into the processes, the user alone has to tell.
        holds_socket(&descendants(self.keeper), socket.inode).unwrap_or(self.is_alone)
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Socket {
    uid: u32,
    inode: u64,
}

/// The socket at `own` that is connected to `other`.
fn socket_of(table: &str, own: SocketAddrV4, other: SocketAddrV4) -> Option<Socket> {
    let (own, other) = (hexadecimal(own), hexadecimal(other));
    table.lines().find_map(|line| {
        let mut columns = line.split_whitespace().skip(1);
        let is_it = columns.next()?.ends_with(&own) && columns.next()?.ends_with(&other);
        if !is_it {
            return None;
        }
        // State, queues, timers and retransmissions stand before the user, time-outs behind it.
        let uid = columns.nth(4)?.parse().ok()?;
        let inode = columns.nth(1)?.parse().ok()?;
        Some(Socket { uid, inode })
    })
}

fn hexadecimal(address: SocketAddrV4) -> String {
    let bytes = u32::from_ne_bytes(address.ip().octets());
    format!("{bytes:08X}:{:04X}", address.port())
}

/// The kernel's table of connections.
pub(crate) const SOCKETS: &str = "/proc/net/tcp";

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::{Instance, Socket, socket_of};

    #[test]
    fn sockets_are_read_from_the_kernel_s_table() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   \
                     uid  timeout inode\n   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 \
                     00:00000000 00000000     0        0 20001 1 0\n   1: 0100007F:C350 \
                     0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 20002 \
                     1 0\n";
        if cfg!(target_endian = "little") {
            let [own, other] = ["127.0.0.1:50000", "127.0.0.1:8080"].map(|it| it.parse().unwrap());
            assert_eq!(socket_of(table, own, other), Some(Socket { uid: 1000, inode: 20002 }));
            assert_eq!(socket_of(table, other, own), None);
        }
    }

    #[test]
    fn a_connection_of_a_process_outside_the_instance_is_not_its_peer() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, remote) = listener.accept().unwrap();
        let uid = rustix::process::geteuid().as_raw();
        // This process is not among its own descendants.
        let keeper = std::process::id();
        let instance = Instance { keeper, uid, is_alone: true };
        assert!(!instance.is_peer(stream.local_addr().unwrap(), remote));
        let keeper = rustix::process::getppid().unwrap().as_raw_nonzero().get().unsigned_abs();
        let instance = Instance { keeper, uid, is_alone: true };
        assert!(instance.is_peer(stream.local_addr().unwrap(), remote));
        let instance = Instance { keeper, uid: uid + 1, is_alone: true };
        assert!(!instance.is_peer(stream.local_addr().unwrap(), remote));
        drop(client);
    }
}
