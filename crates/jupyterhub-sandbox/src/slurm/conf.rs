//! The text of Slurm's configuration files: one node, two partitions, accounts that are enforced. Pure text.
//!
//! The node claims at least four cores, whatever the machine has (Slurm only counts them: nothing is bound to a core, and no
//! cgroup is wanted), so that jobs find room on small machines too. What a job overstays is killed two seconds after the first
//! signal; Slurm looks for such jobs every half minute.

use std::path::Path;

use super::Slurm;

/// The fewest cores of the node.
const CORES: usize = 4;
/// What each core of the node has, in MiB.
const MEMORY: usize = 1000;

/// slurm.conf.
pub(super) fn slurm(slurm: &Slurm, home: &Path, host: &str) -> String {
    let cores = std::thread::available_parallelism().map_or(CORES, |it| it.get().max(CORES));
    let memory = cores * MEMORY;
    let Slurm {
        controller,
        node,
        accounts,
        user,
        ..
    } = slurm;
    let home = home.display();
    format!(
        "ClusterName=sandbox
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={home}/munge.socket
CredType=cred/munge
StateSaveLocation={home}/controller
SlurmdSpoolDir={home}/spool
SlurmctldPidFile={home}/slurmctld.pid
SlurmdPidFile={home}/slurmd.pid
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2
EnforcePartLimits=ALL
KillWait=2
OverTimeLimit=0
MessageTimeout=5
ReturnToService=2
SwitchType=switch/none
MpiDefault=none
MailProg=/bin/true
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={accounts}
AccountingStoragePass={home}/munge.socket
AccountingStorageEnforce=associations,limits,qos
NodeName=node1 NodeHostname={host} NodeAddr=127.0.0.1 Port={node} CPUs={cores} RealMemory={memory}
PartitionName=normal Nodes=node1 Default=YES MaxTime=60 DefaultTime=10 DefMemPerCPU=100 State=UP
PartitionName=debug Nodes=node1 MaxTime=10 DefaultTime=5 DefMemPerCPU=100 State=UP
"
    )
}

/// slurmdbd.conf.
pub(super) fn accounts(slurm: &Slurm, home: &Path) -> String {
    let Slurm { accounts, user, .. } = slurm;
    let home = home.display();
    format!(
        "AuthType=auth/munge
AuthInfo=socket={home}/munge.socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort={accounts}
CommunicationParameters=NoInAddrAny
SlurmUser={user}
PidFile={home}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=sandbox
StorageLoc=slurm
"
    )
}
