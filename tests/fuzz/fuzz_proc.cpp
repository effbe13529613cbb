// Any text as one of /proc: what is taken is written as the kernel writes it, and read as the same
// again; what is refused says why. A process chooses its own name.
#include <cstdio>
#include <string>

#include "fuzz_rules.hpp"
#include "program_and_process.hpp"

namespace {

using namespace program_and_process;

std::string decimal(auto number) {
  return std::to_string(number);
}

std::string hexadecimal(std::uint64_t number) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%08llx", static_cast<unsigned long long>(number));
  return digits;
}

std::string replaced(std::string_view text, char from, std::string_view to) {
  std::string made;
  for (const char c : text) {
    if (c == from)
      made += to;
    else
      made += c;
  }
  return made;
}

std::string text_of(const Stat& stat) {
  std::string text = decimal(stat.pid) + " (" + stat.name + ") " + stat.state;
  for (const auto number : {stat.parent, stat.group, stat.session}) text += " " + decimal(number);
  text += " 0 -1 0 0 0 0 0 " + decimal(stat.user_ticks) + " " + decimal(stat.system_ticks) +
          " 0 0 20 0 " + decimal(stat.threads) + " 0 " + decimal(stat.start_ticks) + " " +
          decimal(stat.virtual_bytes) + " " + decimal(stat.resident_pages);
  return text + "\n";
}

std::string text_of(const Status& status) {
  std::string text = "Name:\t" + replaced(replaced(status.name, '\\', "\\\\"), '\n', "\\n");
  text += std::string("\nState:\t") + status.state + " (any)\nPid:\t" + decimal(status.pid) +
          "\nPPid:\t" + decimal(status.parent) + "\nUid:\t" + decimal(status.real_user) + "\t" +
          decimal(status.effective_user) + "\t0\t0\nThreads:\t" + decimal(status.threads) + "\n";
  if (status.resident_bytes)
    text += "VmRSS:\t    " + decimal(*status.resident_bytes / 1024) + " kB\n";
  return text + "voluntary_ctxt_switches:\t" + decimal(status.voluntary_switches) +
         "\nnonvoluntary_ctxt_switches:\t" + decimal(status.involuntary_switches) + "\n";
}

std::string text_of(const std::vector<Mapping>& mappings) {
  std::string text;
  for (const Mapping& one : mappings) {
    text += hexadecimal(one.begin) + "-" + hexadecimal(one.end) + " ";
    text += one.readable ? 'r' : '-';
    text += one.writable ? 'w' : '-';
    text += one.executable ? 'x' : '-';
    text += one.shared ? 's' : 'p';
    text += " " + hexadecimal(one.offset) + " " + hexadecimal(one.device_major) + ":" +
            hexadecimal(one.device_minor) + " " + decimal(one.inode) + "      " +
            replaced(one.path, '\n', "\\012") + "\n";
  }
  return text;
}

void comes_back(std::string_view text, auto parse) {
  const auto taken = parse(text);
  if (!taken) {
    fuzz::require(taken.error().kind == Error::Kind::malformed && !taken.error().message.empty(),
                  "a refusal is malformed and says why");
    return;
  }
  const auto again = parse(text_of(*taken));
  fuzz::require(again.has_value() && *again == *taken, "what was taken comes back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  comes_back(text, parse_stat);
  comes_back(text, parse_status);
  comes_back(text, parse_maps);
  return 0;
}
