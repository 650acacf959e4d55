//! What we hold in memory stays there: a process that holds an operator's token
//! writes no core dump, and no other process of the same user may look into it.

/// From now on this process is not dumped (Linux: `PR_SET_DUMPABLE`, prctl(2),
/// which also covers dumps that go through a pipe; the core size limit does
/// not). What it starts is, as ever.
pub(super) fn keep_private() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        // A system that does not know it dumps nothing of ours that it did not before.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
