//! A kernel's websocket, in the JSON framing. The kernel can multiply two numbers and print a text, no more.

use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::time::interval;

use super::Place;
use crate::script::Kernel;

/// How soon a kernel notices that its server is gone.
const TICK: Duration = Duration::from_millis(20);

pub(super) fn open(upgrade: WebSocketUpgrade, place: Place, id: &str) -> Response {
    let id = id.to_owned();
    upgrade.on_upgrade(move |socket| talk(socket, place, id))
}

async fn talk(mut socket: WebSocket, place: Place, id: String) {
    let mut count = 0;
    let mut ticks = interval(TICK);
    loop {
        let came = tokio::select! {
            came = socket.recv() => came,
            _ = ticks.tick() => {
                let there = place.is_there() && place.desk(|desk| desk.kernels.contains_key(&id));
                if there { continue } else { return }
            }
        };
        let text = match came {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            Some(Ok(_)) => continue,
        };
        let Ok(request) = serde_json::from_str::<Value>(&text) else {
            return;
        };
        count += 1;
        let told = Told {
            request: &request,
            count,
        };
        for message in told.messages(place.kernel(), place.echo()) {
            if socket
                .send(Message::text(message.to_string()))
                .await
                .is_err()
            {
                return;
            }
        }
        if let (Kernel::Chatters(size), true) = (place.kernel(), told.is_code()) {
            let piece = told.print(&"x".repeat(size)).to_string();
            while place.is_there() && socket.send(Message::text(piece.clone())).await.is_ok() {}
            return;
        }
    }
}

/// A request, and what is said to it.
struct Told<'a> {
    request: &'a Value,
    count: u32,
}

impl Told<'_> {
    fn kind(&self) -> Option<&str> {
        self.request["header"]["msg_type"].as_str()
    }

    fn is_code(&self) -> bool {
        self.kind() == Some("execute_request")
    }

    fn say(&self, channel: &str, kind: &str, content: &Value) -> Value {
        json!({
            "channel": channel, "parent_header": self.request["header"], "metadata": {}, "content": content,
            "buffers": [],
            "header": { "msg_id": uuid::Uuid::new_v4().to_string(), "msg_type": kind, "username": "k",
                        "session": "k", "date": jiff::Timestamp::now(), "version": "5.3" },
        })
    }

    fn state(&self, state: &str) -> Value {
        self.say("iopub", "status", &json!({ "execution_state": state }))
    }

    fn print(&self, text: &str) -> Value {
        self.say(
            "iopub",
            "stream",
            &json!({ "name": "stdout", "text": text }),
        )
    }

    fn messages(&self, kernel: Kernel, echo: Option<String>) -> Vec<Value> {
        match (self.kind(), kernel) {
            (Some("kernel_info_request"), _) => {
                let info = json!({
                    "status": "ok", "protocol_version": "5.3", "implementation": "fakehub",
                    "implementation_version": "0", "language_info": { "name": "python", "version": "3.13" },
                });
                vec![
                    self.state("busy"),
                    self.say("shell", "kernel_info_reply", &info),
                    self.state("idle"),
                ]
            }
            (Some("execute_request"), Kernel::Chatters(_) | Kernel::IsBusy) => {
                vec![self.state("busy")]
            }
            (Some("execute_request"), _) => {
                let code = self.request["content"]["code"].as_str().unwrap_or_default();
                let echo = echo.map(|echo| format!(" {echo}")).unwrap_or_default();
                let reply = json!({ "status": "ok", "execution_count": self.count });
                let mut all = vec![self.state("busy")];
                if let Kernel::PrintsOnce(size) = kernel {
                    all.push(self.print(&"x".repeat(size)));
                }
                all.push(self.print(&format!("{}{echo}\n", printed(code))));
                all.push(self.say("shell", "execute_reply", &reply));
                all.push(self.state("idle"));
                all
            }
            _ => Vec::new(),
        }
    }
}

/// What `print(A*B)` and `print("TEXT")` print.
fn printed(code: &str) -> String {
    let Some(inside) = code
        .trim()
        .strip_prefix("print(")
        .and_then(|rest| rest.strip_suffix(')'))
    else {
        return String::new();
    };
    let factors: Option<Vec<u64>> = inside
        .split('*')
        .map(|factor| factor.trim().parse().ok())
        .collect();
    match factors {
        Some(factors) => factors.iter().product::<u64>().to_string(),
        None => inside.trim_matches(['"', '\'']).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::printed;

    #[test]
    fn what_it_can() {
        assert_eq!(printed("print(6*7)"), "42");
        assert_eq!(printed("print('a')"), "a");
        assert_eq!(printed("import os"), "");
    }
}
