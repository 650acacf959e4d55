//! Finds what was left behind, and ends it: sandboxes whose maker was killed, whose start was cut short, or whose hub is dead.

use crate::state::State;
use crate::{Error, Places, Sandbox, Swept};

/// Ends the sandboxes that nobody needs any more, and says which and why.
///
/// Taken for leftovers: those that should have ended with the process that made them, those whose maker died while starting them,
/// and those whose hub is dead (unless their maker lives and will end them itself). Others are left alone.
///
/// # Errors
/// As [`Sandbox::all`] and [`Sandbox::down`].
pub async fn sweep(places: &Places) -> Result<Vec<Swept>, Error> {
    let mut swept = Vec::new();
    for sandbox in Sandbox::all(places)? {
        let Some(state) = State::load(sandbox.dir())? else {
            continue;
        };
        if let Some(why) = state.leftover() {
            let down = sandbox.down().await?;
            swept.push(Swept {
                name: sandbox.name().to_owned(),
                why,
                down,
            });
        }
    }
    Ok(swept)
}
