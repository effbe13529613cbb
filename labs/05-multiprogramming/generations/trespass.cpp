#include "generations/trespass.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "language.hpp"

namespace generations {

using dialtone::tr;
using multiprogramming::Address;
using multiprogramming::BoundRegisters;
using multiprogramming::Fault;

namespace {

/// Who lies where. B is the neighbour, Q the trespasser below it; the system is at the top, its
/// table in its first bytes: a base and a limit for each program.
struct Owner {
  const char* name;
  std::size_t base;
  std::size_t limit;
  std::uint8_t letter;
};
constexpr std::array<Owner, 2> programs = {{{"B", 112, 64, 'b'}, {"Q", 32, 64, 'q'}}};
constexpr std::size_t system_base = 208;
constexpr std::size_t system_size = memory_size - system_base;
constexpr int stores_in_a_turn = 4;
constexpr std::uint8_t system_letter = 's';

class Machine {
 public:
  explicit Machine(bool protection) : protection_(protection), memory_(memory_size, 0) {
    std::fill_n(memory_.begin() + system_base, system_size, system_letter);
    for (std::size_t i = 0; i < programs.size(); ++i) {
      memory_[system_base + 2 * i] = static_cast<std::uint8_t>(programs[i].base);
      memory_[system_base + 2 * i + 1] = static_cast<std::uint8_t>(programs[i].limit);
      std::fill_n(memory_.begin() + static_cast<std::ptrdiff_t>(programs[i].base),
                  programs[i].limit, programs[i].letter);
    }
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] = sum_of(i);
  }

  Trespass play() {
    note(tr("The system and two programs are in memory; all is as it was written.",
            "系统和两个程序都在内存里，一切如初。"));
    const int most = 400;
    for (tick_ = 1; tick_ <= most && !down_; ++tick_) {
      const std::size_t who = static_cast<std::size_t>(tick_ % 2);
      if (!ended_[who]) turn(who);
      if (ended_[0] && ended_[1]) break;
    }
    story_.ticks = tick_;
    story_.neighbour_intact = sum_of(0) == sums_[0];
    story_.system_intact = sum_of(2) == sums_[2];
    if (!down_)
      note(story_.neighbour_intact && story_.system_intact
               ? tr("B ends with its memory as it wrote it; the system lives.",
                    "B 结束，内存里仍是它写下的内容；系统安然无恙。")
               : tr("The system is alive, by good luck.", "系统还活着，纯属侥幸。"));
    return std::move(story_);
  }

 private:
  /// The system looks up in its table where the program is, and gives it the CPU for a turn.
  void turn(std::size_t who) {
    const BoundRegisters registers{memory_[system_base + 2 * who],
                                   memory_[system_base + 2 * who + 1]};
    if (registers.base != programs[who].base) {
      down_ = true;
      note(tr("The system looks for ", "系统查找 ") + programs[who].name +
           tr(" in its table, finds address ", "，表里的地址却是 ") +
           std::to_string(registers.base) +
           tr(", and jumps to where nobody put a program: the machine is down.",
              "，跳进了没有程序的地方：整台机器停了。"));
      return;
    }
    if (who == 0) {
      neighbour(registers);
      return;
    }
    for (int i = 0; i < stores_in_a_turn && !ended_[who]; ++i) store(who, registers, next_++);
  }

  /// B writes its own memory, and checks it first. After sixty rounds it is done.
  void neighbour(const BoundRegisters& registers) {
    if (sum_of(0) != sums_[0] && !noticed_) {
      noticed_ = true;
      note(
          tr("B finds bytes in its memory that it never wrote, and computes on with them: a wrong "
             "result, without a word.",
             "B 的内存里出现了不是它写的字节，它照样算下去：结果错了，却没有任何提示。"));
    }
    store(0, registers, rounds_++ % 8);
    if (rounds_ >= 60) ended_[0] = true;
  }

  void store(std::size_t who, const BoundRegisters& registers, Address address) {
    if (protection_) {
      const auto physical = multiprogramming::translate(registers, address);
      if (!physical) {
        stop(who, physical.error());
        return;
      }
      memory_[*physical % memory_size] = programs[who].letter;
      return;
    }
    // The bus has eight lines for addresses.
    const std::size_t physical = (registers.base + address) % memory_size;
    const std::optional<std::string> victim = owner_of(physical, who);
    memory_[physical] = programs[who].letter;
    if (victim && *victim != last_victim_) {
      last_victim_ = *victim;
      note(tr("Q stores at its address ", "Q 向自己的地址 ") + std::to_string(address) +
           tr(", which lies in memory at ", " 写入，实际位于 ") + std::to_string(physical) +
           tr(": that is ", "：那是") + *victim + tr(".", "。"));
    }
  }

  void stop(std::size_t who, const Fault& fault) {
    ended_[who] = true;
    story_.stopped = true;
    story_.fault = fault;
    note(std::string(programs[who].name) + tr(" reaches for address ", " 访问地址 ") +
         std::to_string(fault.address) + tr(", and has those below ", "，而它只有小于 ") +
         std::to_string(fault.limit) +
         tr(": a fault. The system ends it.", " 的地址：出错。系统将它终止。"));
  }

  /// Whose memory a store of the program's falls into, where it is not its own.
  static std::optional<std::string> owner_of(std::size_t physical, std::size_t who) {
    if (physical >= system_base) return tr("the system", "操作系统的内存");
    for (std::size_t i = 0; i < programs.size(); ++i)
      if (i != who && physical >= programs[i].base &&
          physical < programs[i].base + programs[i].limit)
        return tr("program ", "程序 ") + std::string(programs[i].name) + tr("", " 的内存");
    return std::nullopt;
  }

  /// Fletcher's checksum over a program's memory, or (2) the system's.
  std::uint32_t sum_of(std::size_t which) const {
    const std::size_t base = which == 2 ? system_base : programs[which].base;
    const std::size_t size = which == 2 ? system_size : programs[which].limit;
    std::uint32_t a = 0, b = 0;
    for (std::size_t i = base; i < base + size; ++i) {
      a = (a + memory_[i]) % 255;
      b = (b + a) % 255;
    }
    return b << 8U | a;
  }

  void note(std::string text) { story_.events.push_back({tick_, std::move(text), memory_}); }

  bool protection_;
  std::vector<std::uint8_t> memory_;
  std::array<std::uint32_t, 3> sums_{};
  std::array<bool, 2> ended_{};
  std::string last_victim_;
  Trespass story_;
  Address next_ = 0;  ///< Q's loop
  Address rounds_ = 0;
  bool noticed_ = false;
  bool down_ = false;
  int tick_ = 0;
};

/// What lay there at the beginning.
std::uint8_t original(std::size_t address) {
  for (std::size_t i = 0; i < programs.size(); ++i) {
    if (address == system_base + 2 * i) return static_cast<std::uint8_t>(programs[i].base);
    if (address == system_base + 2 * i + 1) return static_cast<std::uint8_t>(programs[i].limit);
    if (address >= programs[i].base && address < programs[i].base + programs[i].limit)
      return programs[i].letter;
  }
  return address >= system_base ? system_letter : 0;
}

}  // namespace

Trespass trespass(bool protection) {
  return Machine(protection).play();
}

std::string picture(const std::vector<std::uint8_t>& memory, std::size_t columns) {
  std::string text;
  for (std::size_t row = 0; row < memory.size(); row += columns) {
    const std::string address = std::to_string(row);
    text += std::string(4 - std::min<std::size_t>(4, address.size()), ' ') + address + "  ";
    for (std::size_t i = row; i < std::min(memory.size(), row + columns); ++i) {
      char c = memory[i] == 0 ? '.' : static_cast<char>(memory[i]);
      if (i >= system_base && i < system_base + 2 * programs.size()) c = 't';  // the table
      if (memory[i] != original(i)) c = c == 't' ? 'T' : static_cast<char>(c - 'a' + 'A');
      text += c;
    }
    text += '\n';
  }
  return text;
}

nlohmann::ordered_json json_of(const Trespass& trespass, bool protection) {
  nlohmann::ordered_json events = nlohmann::ordered_json::array();
  for (const Trespass::Event& event : trespass.events)
    events.push_back({{"tick", event.tick}, {"text", event.text}});
  nlohmann::ordered_json all = {{"protection", protection},
                                {"stopped", trespass.stopped},
                                {"neighbour_intact", trespass.neighbour_intact},
                                {"system_intact", trespass.system_intact},
                                {"events", std::move(events)}};
  if (trespass.stopped)
    all["fault"] = {{"address", trespass.fault.address}, {"limit", trespass.fault.limit}};
  return all;
}

}  // namespace generations
