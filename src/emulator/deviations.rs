//! Which answers contradict the emulator's document because somebody asked for it by a fault or a knob; every other answer is
//! held against it (`conformity.rs`). The list is proved by a test: what stands here does contradict, and nothing else.

use super::config::{Config, ErrorFormat, LimitHeaders};
use super::effects::{Effect, Instead, Shape, StormHeaders, Wire};
use super::routes::{Door, Surface};
use crate::model::http::{Request, Response};

/// Whether an answer may contradict the document.
pub fn deviates(config: &Config, effects: &[Effect], door: Door, request: &Request, response: &Response) -> bool {
    let surface = door.surface();
    effects.iter().any(|effect| contradicts(effect, surface, response.status))
        || turned(config, surface, request, response)
}

/// Whether an effect makes answers on this surface with this status that the document does not allow.
pub fn contradicts(effect: &Effect, surface: Surface, status: u16) -> bool {
    match effect {
        // Nothing was executed, so there is no answer; what stands in its place is never given out.
        Effect::Wire(Wire::ResetBefore) => true,
        // The same bytes on another way.
        Effect::Wire(
            Wire::Latency { .. }
            | Wire::ResetAfter
            | Wire::Truncate { .. }
            | Wire::SlowBody { .. }
            | Wire::Hang
            | Wire::ExitAfterCommit,
        ) => false,
        Effect::Instead(instead) => replaces(instead, surface, status),
        Effect::Shape(Shape::ErrorFormat { format }) => *format != ErrorFormat::Envelope && status >= 400,
        Effect::Shape(
            Shape::DropMember { .. } | Shape::NullData | Shape::NoJobId | Shape::WrongContentType | Shape::BadJson,
        ) => true,
        // Answers are open: members and words that nobody knows yet are allowed.
        Effect::Shape(
            Shape::AddUnknownMember | Shape::UnknownStatus | Shape::Ipv4Null | Shape::JobFlap | Shape::ClockSkew { .. },
        )
        | Effect::Listing(_)
        | Effect::Work(_)
        | Effect::World(_) => false,
    }
}

fn replaces(instead: &Instead, surface: Surface, status: u16) -> bool {
    match instead {
        // The envelope under any status of an error is declared.
        Instead::Status { .. } => status < 400,
        // Compute knows no X-RateLimit headers (L61).
        Instead::Storm429 { headers: StormHeaders::Reset | StormHeaders::PastReset } => surface == Surface::C,
        Instead::Storm429 { headers: StormHeaders::None | StormHeaders::RetryAfter | StormHeaders::HttpDate } => false,
        Instead::Http502Html { .. } | Instead::ErrorIn200 { .. } | Instead::RedirectForeign => true,
        Instead::CursorExpired | Instead::Job404 | Instead::RevokeAfter { .. } | Instead::ExpireAt { .. } => false,
    }
}

/// Whether an effect has its share in the answer as it is made, and not only in what becomes of it.
pub fn is_of_making(effect: &Effect) -> bool {
    match effect {
        Effect::Instead(_) | Effect::Work(_) | Effect::World(_) => true,
        Effect::Wire(wire) => *wire == Wire::ResetBefore,
        Effect::Shape(shape) => matches!(shape, Shape::ErrorFormat { .. }),
        Effect::Listing(_) => false,
    }
}

/// Whether the answer is one that a knob makes otherwise than documented.
fn turned(config: &Config, surface: Surface, request: &Request, response: &Response) -> bool {
    let other_error = config.error_format != ErrorFormat::Envelope && response.status >= 400;
    let other_headers = config.ratelimit.headers == LimitHeaders::Both && surface == Surface::C;
    let no_job = !config.actions.return_job && response.status < 300 && request.path().ends_with("/actions");
    other_error || other_headers || no_job
}
