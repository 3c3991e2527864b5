//! A small mail server that keeps what it takes: RFC 5321 as far as one client of ours needs it, over plain TCP.

use std::sync::{Arc, Mutex, PoisonError};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail as it was handed over.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The sender of the envelope.
    pub from: String,
    /// The one receiver.
    pub to: String,
    /// Head and body as they were sent, dots unstuffed.
    pub text: String,
}

impl Taken {
    /// A line of the head.
    #[must_use]
    pub fn head(&self, name: &str) -> String {
        let (head, _) = self.text.split_once("\r\n\r\n").unwrap_or_default();
        let start = format!("{name}: ");
        let line = head.lines().find_map(|line| line.strip_prefix(&start));
        line.unwrap_or_default().to_owned()
    }

    /// The body, base64 undone.
    #[must_use]
    pub fn body(&self) -> String {
        let (_, body) = self.text.split_once("\r\n\r\n").unwrap_or_default();
        let bytes = STANDARD.decode(body.replace("\r\n", "")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// What the server does with mail.
#[derive(Clone, Debug, Default)]
struct Shared {
    taken: Arc<Mutex<Vec<Taken>>>,
    tried: Arc<Mutex<u32>>,
    /// The answer to each receiver, in place of yes.
    refuses: Arc<Mutex<Option<String>>>,
}

/// A running server; ended when dropped.
#[derive(Debug)]
pub struct MailServer {
    /// Its port on 127.0.0.1.
    pub port: u16,
    shared: Shared,
    running: tokio::task::JoinHandle<()>,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.running.abort();
    }
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MailServer {
    /// Starts one.
    ///
    /// # Panics
    /// If there is no port.
    #[expect(clippy::expect_used, reason = "a test without its server fails")]
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let shared = Shared::default();
        let serving = shared.clone();
        let running = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let shared = serving.clone();
                tokio::spawn(async move { drop(serve(socket, shared).await) });
            }
        });
        Self { port, shared, running }
    }

    /// From now on every receiver is answered with this line; none: taken again.
    pub fn refuse(&self, answer: Option<&str>) {
        *lock(&self.shared.refuses) = answer.map(str::to_owned);
    }

    /// What it took so far.
    #[must_use]
    pub fn taken(&self) -> Vec<Taken> {
        lock(&self.shared.taken).clone()
    }

    /// How often a receiver was named to it.
    #[must_use]
    pub fn tried(&self) -> u32 {
        *lock(&self.shared.tried)
    }

    /// Waits until it has taken so many mails; all that it took.
    ///
    /// # Panics
    /// If they do not come within 20 seconds.
    pub async fn wait(&self, count: usize) -> Vec<Taken> {
        for _ in 0..400 {
            let taken = self.taken();
            if taken.len() >= count {
                return taken;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let taken = self.taken();
        assert!(taken.len() >= count, "{count} mails were expected: {taken:?}");
        taken
    }
}

async fn serve(socket: TcpStream, shared: Shared) -> std::io::Result<()> {
    let (read, mut write) = socket.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 mail.example.org ESMTP\r\n").await?;
    let (mut from, mut to) = (String::new(), String::new());
    let address = |line: &str| {
        let inner = line.split('<').nth(1).unwrap_or_default();
        inner.split('>').next().unwrap_or_default().to_owned()
    };
    while let Some(line) = lines.next_line().await? {
        let word = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer = match word.as_str() {
            "EHLO" => "250-mail.example.org\r\n250 8BITMIME".to_owned(),
            "MAIL" => {
                from = address(&line);
                "250 yes".to_owned()
            }
            "RCPT" => {
                to = address(&line);
                *lock(&shared.tried) += 1;
                let refuses = lock(&shared.refuses).clone();
                refuses.unwrap_or_else(|| "250 yes".to_owned())
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mut text = String::new();
                while let Some(line) = lines.next_line().await? {
                    if line == "." {
                        break;
                    }
                    text.push_str(line.strip_prefix('.').unwrap_or(&line));
                    text.push_str("\r\n");
                }
                lock(&shared.taken).push(Taken {
                    from: from.clone(),
                    to: to.clone(),
                    text,
                });
                "250 taken".to_owned()
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "250 yes".to_owned(),
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}
