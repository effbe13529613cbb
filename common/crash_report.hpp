// Makes a crash name its place: a handler that writes the stack's addresses to stderr.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace dialtone {

/// Writes "crash: SIGSEGV" and a line for each frame, then dies of the same signal. Runs on a stack
/// of its own, so that a stack overflow is reported too.
void install_crash_report();

/// The first place of the stack in `report` that lies in `source_name` ("phone_call.cpp:31"), by
/// addr2line on `program`; the first known place of all where none does; empty when there is none.
std::string crash_place(std::string_view report, const std::filesystem::path& program,
                        std::string_view source_name);

}  // namespace dialtone
