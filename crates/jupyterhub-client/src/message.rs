//! Messages of the Jupyter protocol (<https://jupyter-client.readthedocs.io/en/latest/messaging.html>, 5.3):
//! the envelope, and the few contents that an execution is made of.
//!
//! A content stays raw JSON until somebody wants it: most messages on the wire are somebody else's. Kernels are written
//! in many languages, and what one of them says oddly must not cost the rest of a message: a field of another type than
//! it should have is taken as missing, except for what code has shown. How messages become frames is `wire`'s business.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use crate::json::or_missing;

/// A message as it came.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// `shell`, `iopub`, `control` or `stdin`.
    pub(crate) channel: String,
    pub(crate) header: Header,
    /// The `msg_id` of the request that this is about; none if it is about none.
    pub(crate) parent: Option<String>,
    /// Raw JSON.
    pub(crate) content: Bytes,
}

/// The header of a message. Of those that come only identity and kind are read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Header {
    #[serde(default, deserialize_with = "or_missing")]
    pub(crate) msg_id: String,
    #[serde(default, deserialize_with = "or_missing")]
    pub(crate) msg_type: String,
    #[serde(skip_deserializing)]
    pub(crate) username: String,
    #[serde(skip_deserializing)]
    pub(crate) session: String,
    #[serde(skip_deserializing)]
    pub(crate) date: String,
    #[serde(skip_deserializing)]
    pub(crate) version: String,
}

/// The header of the request that a message is about; `{}` or null if it is about none.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Parent {
    #[serde(default, deserialize_with = "or_missing")]
    msg_id: Option<String>,
}

impl Parent {
    pub(crate) fn id(self) -> Option<String> {
        self.msg_id.filter(|id| !id.is_empty())
    }
}

/// A request to be sent on the shell channel.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) header: Header,
    pub(crate) content: Box<RawValue>,
}

impl Request {
    /// Asks the kernel who it is.
    pub(crate) fn kernel_info(session: &str) -> Request {
        Request::new(session, "kernel_info_request", &json!({}))
    }

    /// Asks the kernel to run code, as a notebook cell would, but without standard input.
    pub(crate) fn execute(session: &str, code: &str, stop_on_error: bool) -> Request {
        let content = json!({
            "code": code,
            "silent": false,
            "store_history": true,
            "user_expressions": {},
            "allow_stdin": false,
            "stop_on_error": stop_on_error,
        });
        Request::new(session, "execute_request", &content)
    }

    fn new(session: &str, kind: &str, content: &Value) -> Request {
        let header = Header {
            msg_id: uuid::Uuid::new_v4().to_string(),
            msg_type: kind.to_owned(),
            username: String::new(),
            session: session.to_owned(),
            date: jiff::Timestamp::now().to_string(),
            version: "5.3".to_owned(),
        };
        // A JSON value always is JSON; an empty object would only be refused by the kernel.
        let content = to_raw_value(content).unwrap_or_default();
        Request { header, content }
    }
}

/// `status`
#[derive(Debug, Deserialize)]
pub(crate) struct Status {
    #[serde(default, deserialize_with = "or_missing")]
    pub(crate) execution_state: String,
}

/// `execute_reply`
#[derive(Debug, Deserialize)]
pub(crate) struct ExecuteReply {
    #[serde(default, deserialize_with = "or_missing")]
    pub(crate) status: String,
    #[serde(default, deserialize_with = "or_missing")]
    pub(crate) execution_count: Option<i64>,
    #[serde(default, deserialize_with = "or_missing")]
    pub(crate) ename: Option<String>,
    #[serde(default, deserialize_with = "or_missing")]
    pub(crate) evalue: Option<String>,
    #[serde(default, deserialize_with = "or_missing")]
    pub(crate) traceback: Option<Vec<String>>,
}

/// `stream`
#[derive(Debug, Deserialize)]
pub(crate) struct Stream {
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) text: String,
}

/// `display_data`, `update_display_data` and `execute_result`
#[derive(Debug, Deserialize)]
pub(crate) struct Display {
    #[serde(default)]
    pub(crate) data: Map<String, Value>,
    #[serde(default, deserialize_with = "or_missing")]
    pub(crate) metadata: Map<String, Value>,
    #[serde(default, deserialize_with = "or_missing")]
    pub(crate) execution_count: Option<i64>,
    #[serde(default, deserialize_with = "or_missing")]
    pub(crate) transient: Transient,
}

/// What is not kept in notebooks.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Transient {
    #[serde(default, deserialize_with = "or_missing")]
    pub(crate) display_id: Option<String>,
}

/// `clear_output`
#[derive(Debug, Deserialize)]
pub(crate) struct ClearOutput {
    #[serde(default, deserialize_with = "or_missing")]
    pub(crate) wait: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_field_does_not_cost_the_rest() {
        let reply: ExecuteReply =
            serde_json::from_str(r#"{"status": "ok", "execution_count": "3", "evalue": 1e999}"#)
                .unwrap();
        assert_eq!((reply.status.as_str(), reply.execution_count), ("ok", None));
        let header: Header =
            serde_json::from_str(r#"{"msg_id": "m", "msg_type": null, "date": 1700000000}"#)
                .unwrap();
        assert_eq!(
            (header.msg_id.as_str(), header.msg_type.as_str()),
            ("m", "")
        );
        let shown: Display = serde_json::from_str(
            r#"{"data": {"text/plain": "1"}, "metadata": null, "transient": null}"#,
        )
        .unwrap();
        assert_eq!(shown.data.get("text/plain"), Some(&json!("1")));
    }
}
