// parse_status. The texts are built from known values.
#include <algorithm>

#include "texts.hpp"

namespace lab04 {
namespace {

using dialtone::Random;

constexpr std::size_t texts_per_request = 50;

/// The text of /proc/PID/status in its parts.
struct Lines {
  std::vector<std::pair<std::string, std::string>> list;  ///< name, and what follows its colon

  std::string text() const {
    std::string all;
    for (const auto& [name, value] : list) all.append(name).append(":").append(value).append("\n");
    return all;
  }
  std::string& value(const std::string& name) {
    const auto found =
        std::find_if(list.begin(), list.end(), [&](const auto& one) { return one.first == name; });
    return found->second;
  }
  void remove(const std::string& name) {
    std::erase_if(list, [&](const auto& one) { return one.first == name; });
  }
};

struct Made {
  Lines lines;
  json fields;
};

/// As the kernel writes a name: newline and backslash are escaped.
std::string escaped(const std::string& name) {
  std::string text;
  for (const char c : name) {
    if (c == '\n')
      text += "\\n";
    else if (c == '\\')
      text += "\\\\";
    else
      text += c;
  }
  return text;
}

std::string draw_name(Random& random) {
  const std::vector<std::string> traps = {
      "cat",     "a b",         "\\", "\n",       "\\n", "\\\\n", "\\\n",     " x",  "x ",
      "Pid:\t7", "Threads:\t9", "",   "(sd-pam)", "\tx", "kB",    "\xff\xfe", "n\\", "汉字"};
  std::string name = random.pick(traps);
  while (random.chance(0.3)) name += random.pick(traps);
  return name.substr(0, 15);
}

/// A number as the kernel may write it behind a tab.
std::string spaced(Random& random, std::uint64_t number) {
  const std::vector<std::string> blanks = {"\t", "\t", "\t   ", "\t\t", "\t \t "};
  return random.pick(blanks) + std::to_string(number);
}

Made make_status(Random& random) {
  const std::vector<std::string> states = {"R (running)",      "S (sleeping)", "D (disk sleep)",
                                           "T (stopped)",      "Z (zombie)",   "I (idle)",
                                           "t (tracing stop)", "X (dead)"};
  Made made;
  auto& list = made.lines.list;
  json& fields = made.fields;
  const std::string name = draw_name(random);
  list.emplace_back("Name", "\t" + escaped(name));
  fields["name"] = to_hex(name);
  list.emplace_back("Umask", "\t0022");
  const std::string& state = random.pick(states);
  list.emplace_back("State", "\t" + state);
  fields["state"] = to_hex(state.substr(0, 1));
  const auto add = [&](const char* line, const char* field, unsigned bits) {
    const std::uint64_t number = draw_number(random, bits);
    list.emplace_back(line, spaced(random, number));
    fields[field] = number;
  };
  add("Tgid", "", 31);
  add("Pid", "pid", 31);
  add("PPid", "parent", 31);
  add("TracerPid", "", 31);
  std::string users;
  for (const char* field : {"real_user", "effective_user", "", ""}) {
    const std::uint64_t user = draw_number(random, 32);
    users += "\t" + std::to_string(user);
    fields[field] = user;
  }
  list.emplace_back("Uid", users);
  list.emplace_back("Gid", "\t1\t2\t3\t4");
  list.emplace_back("NSpid", "\t77");
  list.emplace_back("VmSize", "\t    1234 kB");
  if (random.chance(0.7)) {
    const std::uint64_t kilobytes = draw_number(random, 54);
    list.emplace_back("VmRSS", spaced(random, kilobytes) + " kB");
    fields["resident_bytes"] = kilobytes * 1024;
  } else {
    fields["resident_bytes"] = nullptr;
  }
  list.emplace_back("RssAnon", "\t      88 kB");
  add("Threads", "threads", 64);
  list.emplace_back("SigQ", "\t0/95000");
  list.emplace_back("Cpus_allowed_list", "\t0-1");
  add("voluntary_ctxt_switches", "voluntary_switches", 64);
  add("nonvoluntary_ctxt_switches", "involuntary_switches", 64);
  fields.erase("");
  if (random.chance(0.5))  // in any order
    for (std::size_t i = list.size(); i > 1; --i)
      std::swap(list[i - 1], list[random.between(0, i - 1)]);
  return made;
}

Known known(const Made& made) {
  return {made.lines.text(), made.fields};
}

void gives_its_fields(Trial& trial) {
  std::vector<Known> list;
  if (trial.index == 0) {
    list.push_back(
        {"Name:\tkthreadd\nUmask:\t0000\nState:\tS (sleeping)\nTgid:\t2\nPid:\t2\nPPid:\t0\n"
         "Uid:\t0\t0\t0\t0\nThreads:\t1\nvoluntary_ctxt_switches:\t55\n"
         "nonvoluntary_ctxt_switches:\t3\n",
         {{"name", to_hex("kthreadd")},
          {"state", to_hex("S")},
          {"pid", 2},
          {"parent", 0},
          {"real_user", 0},
          {"effective_user", 0},
          {"threads", 1},
          {"resident_bytes", nullptr},
          {"voluntary_switches", 55},
          {"involuntary_switches", 3}}});
  }
  while (list.size() < texts_per_request) list.push_back(known(make_status(trial.random)));
  expect_fields(trial, "parse_status", list);
}

// --- broken ones ---

std::vector<std::string> line_named(const std::string& name) {
  return {"status: " + name, "status: no " + name};
}

Broken draw_broken(Random& random) {
  Made made = make_status(random);
  const std::vector<std::string> required = {"Name",
                                             "State",
                                             "Pid",
                                             "PPid",
                                             "Uid",
                                             "Threads",
                                             "voluntary_ctxt_switches",
                                             "nonvoluntary_ctxt_switches"};
  if (random.chance(0.4)) {
    const std::string& name = random.pick(required);
    made.lines.remove(name);
    return {made.lines.text(), line_named(name)};
  }
  const std::vector<std::pair<std::string, unsigned>> numbers = {
      {"Pid", 31},
      {"PPid", 31},
      {"Threads", 64},
      {"voluntary_ctxt_switches", 64},
      {"nonvoluntary_ctxt_switches", 64}};
  std::string name;
  std::string value;
  switch (random.between(0, 5)) {
    case 0:
      name = "State";
      value = random.pick(std::vector<std::string>{"", "\t", "\tsleeping", "\tSS (sleeping)"});
      break;
    case 1:
      name = "Uid";
      value = random.pick(std::vector<std::string>{"\t", "\t1000", "\tx\t1\t1\t1", "\t1\tx\t1\t1",
                                                   "\t4294967296\t1\t1\t1", "\t-1\t1\t1\t1"});
      break;
    case 2:
      name = "VmRSS";
      value = random.pick(std::vector<std::string>{"\t", "\t12", "\tx kB", "\t12 MB", "\t kB",
                                                   "\t-1 kB", "\t18446744073709551615 kB"});
      break;
    default: {
      const auto& [line, bits] = random.pick(numbers);
      name = line;
      value = random.chance(0.2) ? "\t" : "\t" + draw_no_number(random, bits);
    }
  }
  made.lines.remove(name);  // VmRSS may not be there
  made.lines.list.emplace_back(name, value);
  return {made.lines.text(), line_named(name)};
}

void broken_is_malformed(Trial& trial) {
  std::vector<Broken> list;
  if (trial.index == 0)
    list.push_back({"",
                    {"status: no Name", "status: no State", "status: no Pid", "status: no PPid",
                     "status: no Uid", "status: no Threads", "status: no voluntary_ctxt_switches",
                     "status: no nonvoluntary_ctxt_switches"}});
  while (list.size() < texts_per_request) list.push_back(draw_broken(trial.random));
  expect_malformed(trial, "parse_status", list);
}

}  // namespace

std::vector<Case> status_cases() {
  return {{"status_gives_its_fields", 4, gives_its_fields},
          {"a_broken_status_is_malformed", 8, broken_is_malformed}};
}

}  // namespace lab04
