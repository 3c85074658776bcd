"""What Windows lacks, of what ganzoo uses or could use."""

MODULES = ("fcntl", "grp", "pwd", "resource", "termios")
NAMES = {
    "os": (
        *("O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK"),
        *("fork", "forkpty", "killpg", "setsid", "sched_getaffinity", "sysconf"),
        *("getegid", "geteuid", "getgid", "getpgid", "getuid"),
        *("posix_fallocate", "pread", "pwrite", "readv", "writev"),
    ),
    "signal": ("SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGXCPU"),
    "socket": ("AF_UNIX", "CMSG_LEN", "SCM_RIGHTS"),
}
