package main

import "syscall"

// guardedAttributes give a guarded process a group of its own, and an end with its guard.
func guardedAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
