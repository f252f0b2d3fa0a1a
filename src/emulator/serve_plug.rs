//! Connections that the emulator can cut: a listener whose sockets have a switch, for the faults that reset a connection.
//! Knows no request.
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Cuts one connection.
#[derive(Clone, Debug, Default)]
pub struct Switch(Arc<AtomicBool>);

impl Switch {
    /// From now on nothing more is read or written.
    pub fn cut(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_cut(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A listener whose connections have switches.
#[derive(Debug)]
pub struct Plugged(pub TcpListener);

/// A connection with its switch.
#[derive(Debug)]
pub struct Plug {
    stream: TcpStream,
    switch: Switch,
}

impl Listener for Plugged {
    type Io = Plug;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Plug, std::net::SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Answers are small and whole: waiting for more would only delay them. A socket that can't do it is only slower.
        let _ = stream.set_nodelay(true);
        (Plug { stream, switch: Switch::default() }, address)
    }

    fn local_addr(&self) -> io::Result<std::net::SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Plugged>> for Switch {
    fn connect_info(stream: IncomingStream<'_, Plugged>) -> Switch {
        stream.io().switch.clone()
    }
}

impl Plug {
    /// An error when the connection is cut; the socket then closes with a reset.
    fn check(&self) -> io::Result<()> {
        if !self.switch.is_cut() {
            return Ok(());
        }
        // Without it the client sees an orderly end, which is a fault as well.
        let _ = self.stream.set_zero_linger();
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Plug {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Plug {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
