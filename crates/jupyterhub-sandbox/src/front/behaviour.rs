//! What our own fronts do to a request or an answer: the faults that nginx cannot make. Decides, with a memory of what was asked;
//! never touches a socket ([`relay`](super::relay) does).

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::header::{DATE, HeaderMap, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};
use jiff::fmt::rfc2822;

use crate::Fault;

/// What a front of our own breaks.
#[derive(Debug)]
pub(super) enum Behaviour {
    /// Every answer comes late.
    Delay(Duration),
    /// The first does.
    SlowFirst(Duration),
    /// Connections end so long after they began.
    CutAll(Duration),
    /// Each request whose number can be divided by this is refused.
    Flaky(u64),
    /// A user's server is not found for so long after it was first there.
    RouteLag(Duration),
    /// The header Date is off.
    ClockSkew(jiff::SignedDuration),
    /// There is none.
    NoDate,
}

impl Behaviour {
    /// `None` when it is not we who do this.
    pub(super) fn of(fault: &Fault) -> Option<Self> {
        let argument = fault.argument().unwrap_or_default();
        let number: f64 = argument.parse().unwrap_or_default();
        let seconds = Duration::try_from_secs_f64(number).unwrap_or(Duration::MAX);
        Some(match fault.kind().name {
            "delay" => Self::Delay(seconds),
            "slow_first" => Self::SlowFirst(seconds),
            "cut_all" => Self::CutAll(seconds),
            "flaky" => Self::Flaky(argument.parse().ok()?),
            "route_lag" => Self::RouteLag(seconds),
            "clock_skew" => Self::ClockSkew(jiff::SignedDuration::try_from_secs_f64(number).ok()?),
            "no_date" => Self::NoDate,
            _ => return None,
        })
    }

    /// How long a connection may live.
    pub(super) fn life(&self) -> Option<Duration> {
        match self {
            Self::CutAll(life) => Some(*life),
            _ => None,
        }
    }
}

/// A front's memory.
#[derive(Debug)]
pub(super) struct Memory {
    behaviour: Behaviour,
    base_url: String,
    requests: AtomicU64,
    /// When a user's server was first there, by user.
    routes: Mutex<HashMap<String, Instant>>,
}

impl Memory {
    pub(super) fn new(behaviour: Behaviour, base_url: &str) -> Self {
        Self {
            behaviour,
            base_url: base_url.to_owned(),
            requests: AtomicU64::new(0),
            routes: Mutex::default(),
        }
    }

    /// Before a request is passed on: how long to wait, and the answer in the place of the hub's.
    pub(super) fn before(&self) -> (Duration, Option<StatusCode>) {
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        match &self.behaviour {
            Behaviour::Delay(time) => (*time, None),
            Behaviour::SlowFirst(time) if number == 1 => (*time, None),
            Behaviour::Flaky(every) if number.is_multiple_of(*every) => {
                (Duration::ZERO, Some(StatusCode::BAD_GATEWAY))
            }
            _ => (Duration::ZERO, None),
        }
    }

    /// Changes an answer; the answer in its place, if it is not to be seen.
    pub(super) fn after<B>(&self, path: &str, answer: &mut Response<B>) -> Option<StatusCode> {
        match &self.behaviour {
            Behaviour::NoDate => drop(answer.headers_mut().remove(DATE)),
            Behaviour::ClockSkew(shift) => shift_date(answer.headers_mut(), *shift),
            Behaviour::RouteLag(lag) if self.lags(path, answer, *lag) => {
                return Some(StatusCode::NOT_FOUND);
            }
            _ => {}
        }
        None
    }

    /// The clock runs from the first answer of the server itself. What the hub says in its place (it is not running) passes, and
    /// the next server is a new one.
    fn lags<B>(&self, path: &str, answer: &Response<B>, lag: Duration) -> bool {
        let user = path
            .strip_prefix(&self.base_url)
            .and_then(|path| path.strip_prefix("user/"))
            .and_then(|path| path.split(['/', '?']).next());
        let Some(user) = user else { return false };
        let elsewhere = answer
            .headers()
            .get(LOCATION)
            .and_then(|to| to.to_str().ok())
            .is_some_and(|to| to.contains("/hub/user/"));
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        if elsewhere || matches!(answer.status().as_u16(), 424 | 503) {
            routes.remove(user);
            return false;
        }
        let first = *routes.entry(user.to_owned()).or_insert_with(Instant::now);
        first.elapsed() < lag
    }
}

fn shift_date(headers: &mut HeaderMap, shift: jiff::SignedDuration) {
    let then = headers
        .get(DATE)
        .and_then(|date| {
            rfc2822::DateTimeParser::new()
                .parse_timestamp(date.as_bytes())
                .ok()
        })
        .unwrap_or_else(jiff::Timestamp::now);
    let shifted = then.checked_add(shift).ok().and_then(|date| {
        rfc2822::DateTimePrinter::new()
            .timestamp_to_rfc9110_string(&date)
            .ok()
    });
    if let Some(date) = shifted.and_then(|date| HeaderValue::try_from(date).ok()) {
        headers.insert(DATE, date);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(fault: &str) -> Memory {
        Memory::new(Behaviour::of(&fault.parse().unwrap()).unwrap(), "/base/")
    }

    #[test]
    fn every_third_fails() {
        let memory = memory("flaky:3");
        let seen: Vec<bool> = (0..6).map(|_| memory.before().1.is_some()).collect();
        assert_eq!(seen, [false, false, true, false, false, true]);
    }

    #[test]
    fn a_date_is_shifted_and_stays_a_date() {
        let mut answer = Response::new(());
        let date = HeaderValue::from_static("Mon, 29 Jun 2026 23:59:30 GMT");
        answer.headers_mut().insert(DATE, date);
        assert_eq!(memory("clock_skew:-90").after("/", &mut answer), None);
        assert_eq!(answer.headers()[DATE], "Mon, 29 Jun 2026 23:58:00 GMT");
        memory("no_date").after("/", &mut answer);
        assert!(answer.headers().get(DATE).is_none());
    }

    #[test]
    fn a_route_lags_from_the_servers_first_answer_on() {
        let memory = memory("route_lag:60");
        let answer = |status: u16| {
            let mut answer = Response::new(());
            *answer.status_mut() = StatusCode::from_u16(status).unwrap();
            answer
        };
        let path = "/base/user/ann/api";
        assert_eq!(memory.after(path, &mut answer(424)), None);
        assert!(memory.routes.lock().unwrap().is_empty());
        assert!(memory.after(path, &mut answer(200)).is_some());
        assert!(
            memory
                .after("/base/hub/user/ann/", &mut answer(200))
                .is_none()
        );
        assert!(memory.after("/base/user/ann/x", &mut answer(503)).is_none());
        assert!(memory.routes.lock().unwrap().is_empty());
    }
}
