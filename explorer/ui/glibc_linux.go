package ui

// The prebuilt Dear ImGui archive was compiled against glibc 2.38, where sscanf is called
// __isoc23_sscanf. Older systems (Debian 12: 2.36) have no such symbol; a weak one of ours
// forwards to vsscanf there and gives way to the library's own where there is one.

/*
#include <stdarg.h>
#include <stdio.h>

__attribute__((weak)) int __isoc23_sscanf(const char *text, const char *format, ...) {
	va_list arguments;
	va_start(arguments, format);
	int read = vsscanf(text, format, arguments);
	va_end(arguments);
	return read;
}
*/
import "C"
