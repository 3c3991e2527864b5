//! A closed network: each executor gets a network namespace of its own, in which nothing is but loopback, and on it one
//! listener at the storage door's address. A relay out here takes what connects to it to the door, and to nothing else.
//!
//! The namespace is made by util-linux's `unshare`. A thread of its own enters it, brings loopback up, listens, starts the
//! executor there and ends; a socket stays in the namespace in which it was made, so the relay needs no program inside.
//! That takes the right to enter namespaces (root's). Where it is missing, nothing runs.

use std::{
    fs::File,
    io::{self, Read as _},
    net::{SocketAddr, TcpListener as Listener},
    os::fd::AsFd as _,
    path::PathBuf,
    process::{Child, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use rustix::{
    net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with},
    thread::{LinkNameSpaceType, move_into_link_name_space},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    process,
    runtime::Handle,
    sync::{Semaphore, oneshot},
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};

use crate::tes::space;

/// Connections of one executor at once; the next one is closed at once.
const CONNECTIONS: usize = 64;
/// How long the door may take to accept.
const DIAL: Duration = Duration::from_secs(10);
/// A pause after a failed accept, so that a lack of descriptors makes no busy loop.
const PAUSE: Duration = Duration::from_millis(50);

/// The way to make closed networks, tried at start.
#[derive(Clone, Debug)]
pub(crate) struct Closed {
    unshare: PathBuf,
    door: SocketAddr,
}

/// What keeps an executor's door open: dropped, it is shut, and what went through it is cut.
#[derive(Debug)]
pub(crate) struct Relay(JoinHandle<()>);

impl Drop for Relay {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Closed {
    /// Makes one for a trial: the reason, if it can't be done here.
    pub(crate) fn probe(door: SocketAddr) -> Result<Self, String> {
        let unshare = space::unshare().ok_or("there is no `unshare`")?;
        let closed = Self { unshare, door };
        let tried = closed.clone();
        let thread = thread::spawn(move || tried.enter().map(drop));
        match thread.join() {
            Ok(Ok(())) => Ok(closed),
            Ok(Err(problem)) => Err(problem.to_string()),
            Err(_) => Err("the trial broke off".to_owned()),
        }
    }

    /// Starts a process in a closed network of its own.
    pub(crate) async fn spawn(&self, mut command: process::Command) -> io::Result<(process::Child, Relay)> {
        let (closed, runtime) = (self.clone(), Handle::current());
        let (give, take) = oneshot::channel();
        // Not one of the runtime's threads: those are used again, and this one stays where it went.
        thread::Builder::new().spawn(move || {
            let _runtime = runtime.enter();
            let started = closed.enter().and_then(|listener| {
                listener.set_nonblocking(true)?;
                Ok((command.spawn()?, TcpListener::from_std(listener)?))
            });
            // If nobody waits any more, the process is dropped, and that kills it.
            drop(give.send(started));
        })?;
        let (child, listener) = take.await.map_err(io::Error::other)??;
        Ok((child, Relay(tokio::spawn(relay(listener, self.door)))))
    }

    /// Takes this thread into a new namespace, for good, and listens there.
    fn enter(&self) -> io::Result<Listener> {
        let holder = Holder::start(&self.unshare)?;
        let namespace = File::open(format!("/proc/{}/ns/net", holder.0.id()))?;
        move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?;
        loopback_up()?;
        Listener::bind(self.door)
    }
}

/// A process that holds a new namespace until somebody else is in it.
struct Holder(Child);

impl Holder {
    fn start(unshare: &PathBuf) -> io::Result<Self> {
        let child = std::process::Command::new(unshare)
            .args(["--net", "--", "/bin/sh", "-c", "echo up; exec cat"])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut holder = Self(child);
        let mut word = [0; 3];
        let said = holder.0.stdout.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        said.read_exact(&mut word)
            .map_err(|_| io::Error::other("`unshare --net` is not permitted"))?;
        Ok(holder)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `ip link set lo up`, as a route netlink request: loopback is interface 1 of each namespace.
fn loopback_up() -> io::Result<()> {
    const NEW_LINK: u16 = 16; // RTM_NEWLINK
    const REQUEST_AND_ACK: u16 = 1 | 4; // NLM_F_REQUEST | NLM_F_ACK
    const ERROR: u16 = 2; // NLMSG_ERROR: the answer, also when all is well
    const UP: u32 = 1; // IFF_UP
    let mut message = Vec::with_capacity(32);
    message.extend(32_u32.to_ne_bytes()); // length; then type, flags, sequence, port
    message.extend(NEW_LINK.to_ne_bytes());
    message.extend(REQUEST_AND_ACK.to_ne_bytes());
    message.extend([0; 8]);
    message.extend([0; 4]); // family, padding, device type; then interface, flags, which flags to change
    message.extend(1_u32.to_ne_bytes());
    message.extend(UP.to_ne_bytes());
    message.extend(UP.to_ne_bytes());
    // no protocol is number 0: NETLINK_ROUTE
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    send(&socket, &message, SendFlags::empty())?;
    let mut answer = [0_u8; 256];
    let (length, _) = recv(&socket, &mut answer, RecvFlags::empty())?;
    let field = |from: usize, to: usize| answer.get(..length).and_then(|answer| answer.get(from..to));
    if field(4, 6) == Some(&ERROR.to_ne_bytes()) && field(16, 20) == Some(&[0; 4]) {
        Ok(())
    } else {
        Err(io::Error::other("loopback could not be brought up"))
    }
}

/// Takes each connection to the door. All of them end with it.
async fn relay(listener: TcpListener, door: SocketAddr) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let mut open = JoinSet::new();
    loop {
        while open.try_join_next().is_some() {}
        let Ok((mut inside, _)) = listener.accept().await else {
            sleep(PAUSE).await;
            continue;
        };
        let Ok(permit) = room.clone().try_acquire_owned() else {
            continue;
        };
        open.spawn(async move {
            let _permit = permit;
            if let Ok(Ok(mut outside)) = timeout(DIAL, TcpStream::connect(door)).await {
                // Whoever is cut off sees that; there is nobody else to tell.
                let _ = copy_bidirectional(&mut inside, &mut outside).await;
            }
        });
    }
}
