#include "exec_filter.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>

namespace dialtone {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_AARCH64;
#else
#error "exec_filter.cpp: name this machine's AUDIT_ARCH"
#endif
constexpr std::uint32_t first_x32_call = 0x40000000U;  // x86-64's other set of numbers

constexpr std::size_t page_size = 4096;

std::uint64_t drawn() {
  std::uint64_t number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number)
    throw std::runtime_error("no random numbers from the system");
  return number;
}

/// Fresh memory at an address that nobody can guess.
void* map_anywhere(std::size_t size) {
  for (int tries = 0; tries < 100; ++tries) {
    const std::uint64_t address = (drawn() & ((std::uint64_t{1} << 46U) - 1)) & ~(page_size - 1);
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the address is the point
    void* page = mmap(reinterpret_cast<void*>(address), size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (page != MAP_FAILED) return page;
  }
  throw std::runtime_error(std::string("cannot map a page: ") + std::strerror(errno));
}

std::uint32_t low_half(const void* pointer) {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(pointer) & 0xffffffffU);
}
std::uint32_t high_half(const void* pointer) {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(pointer) >> 32U);
}

constexpr std::uint32_t offset_of_argument(unsigned number) {  // its low half: little-endian
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + number * sizeof(std::uint64_t));
}

sock_filter load(std::uint32_t offset) {
  return {BPF_LD | BPF_W | BPF_ABS, 0, 0, offset};
}
sock_filter unless_equal(std::uint32_t value, std::uint8_t skip) {
  return {BPF_JMP | BPF_JEQ | BPF_K, 0, skip, value};
}
sock_filter if_equal(std::uint32_t value, std::uint8_t skip) {
  return {BPF_JMP | BPF_JEQ | BPF_K, skip, 0, value};
}
sock_filter give(std::uint32_t verdict) {
  return {BPF_RET | BPF_K, 0, 0, verdict};
}

}  // namespace

ExecFilter::Place ExecFilter::lay_out(char* const* list) {
  std::size_t count = 1;
  while (list[count - 1] != nullptr) ++count;
  Place place;
  const std::size_t needed = count * sizeof(char*);
  place.size = (needed + 2 * page_size - 1) / page_size * page_size;  // room to begin anywhere
  place.page = map_anywhere(place.size);
  const std::size_t room = (place.size - needed) / sizeof(char*);
  place.list = static_cast<char**>(place.page) + drawn() % (room + 1);
  std::copy(list, list + count, place.list);
  return place;
}

ExecFilter::ExecFilter(const char* program, char* const* arguments, char* const* environment)
    : program_(open(program, O_PATH | O_CLOEXEC)) {
  if (!program_)
    throw std::runtime_error(std::string("cannot start ") + program + ": " + std::strerror(errno));
  arguments_ = lay_out(arguments);
  environment_ = lay_out(environment);
}

ExecFilter::~ExecFilter() {
  munmap(arguments_.page, arguments_.size);
  munmap(environment_.page, environment_.size);
}

bool ExecFilter::install() const {
  sock_filter rules[] = {
      load(offsetof(seccomp_data, arch)),
      if_equal(architecture, 1),
      give(SECCOMP_RET_KILL_PROCESS),  // another set of system calls: no program here needs it
      load(offsetof(seccomp_data, nr)),
      {BPF_JMP | BPF_JGE | BPF_K, 11, 0, first_x32_call},  // to the refusal, the last line
      if_equal(SYS_execve, 10),                            // likewise
      unless_equal(SYS_execveat, 8),                       // to the line before it
      load(offset_of_argument(2)),
      unless_equal(low_half(arguments_.list), 7),
      load(offset_of_argument(2) + 4),
      unless_equal(high_half(arguments_.list), 5),
      load(offset_of_argument(3)),
      unless_equal(low_half(environment_.list), 3),
      load(offset_of_argument(3) + 4),
      unless_equal(high_half(environment_.list), 1),
      give(SECCOMP_RET_ALLOW),
      give(SECCOMP_RET_ERRNO | EPERM),
  };
  const sock_fprog filter{sizeof rules / sizeof rules[0], rules};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

void ExecFilter::exec() const {
  syscall(SYS_execveat, program_.get(), "", arguments_.list, environment_.list, AT_EMPTY_PATH);
}

}  // namespace dialtone
