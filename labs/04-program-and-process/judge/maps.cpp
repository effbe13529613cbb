// parse_maps. The texts are built from known values.
#include <algorithm>

#include "texts.hpp"

namespace lab04 {
namespace {

using dialtone::Random;

constexpr std::size_t texts_per_request = 25;

std::string hex_text(std::uint64_t number, std::size_t width) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (; number > 0 || text.empty(); number >>= 4U)
    text.insert(text.begin(), digits[number & 0xfU]);
  return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

/// A line in its parts.
struct Line {
  std::string begin, end, permissions, offset, major, minor, inode, path;
  std::size_t padding = 0;  ///< spaces before the path

  std::string text() const {
    return begin + "-" + end + " " + permissions + " " + offset + " " + major + ":" + minor + " " +
           inode +
           (path.empty() ? std::string(padding > 0 ? " " : "")
                         : std::string(padding + 1, ' ') + path) +
           "\n";
  }
};

struct Made {
  Line line;
  json fields;
};

std::string draw_path(Random& random) {
  const std::vector<std::string> paths = {"",
                                          "[heap]",
                                          "[stack]",
                                          "[vdso]",
                                          "[anon:a name]",
                                          "/usr/lib/x86_64-linux-gnu/libc.so.6",
                                          "/tmp/a file with  two spaces",
                                          "/tmp/gone (deleted)",
                                          "/tmp/a\nb",
                                          "/tmp/\n",
                                          "/tmp/back\\slash",
                                          "/tmp/\\040",
                                          "/tmp/01\\2",
                                          "/memfd:x (deleted)",
                                          "anon_inode:[perf_event]",
                                          "/tmp/汉字",
                                          "/tmp/\xff",
                                          "/tmp/rw-p 00:00 0"};
  return random.pick(paths);
}

Made make_line(Random& random) {
  Made made;
  Line& line = made.line;
  const std::uint64_t begin = draw_number(random, 63) & ~std::uint64_t{0xfff};
  const std::uint64_t end = begin + random.between(1, 0x10000) * 0x1000;
  const std::uint64_t offset = draw_number(random, 64);
  const std::uint64_t major = draw_number(random, random.chance(0.8) ? 8 : 12);
  const std::uint64_t minor = draw_number(random, random.chance(0.8) ? 8 : 20);
  const std::uint64_t inode = draw_number(random, 64);
  const bool flags[] = {random.chance(0.5), random.chance(0.5), random.chance(0.5),
                        random.chance(0.5)};
  std::string path = draw_path(random);
  made.fields = {{"begin", begin},         {"end", end},
                 {"readable", flags[0]},   {"writable", flags[1]},
                 {"executable", flags[2]}, {"shared", flags[3]},
                 {"offset", offset},       {"device_major", major},
                 {"device_minor", minor},  {"inode", inode},
                 {"path", to_hex(path)}};
  line.begin = hex_text(begin, 8);
  line.end = hex_text(end, 8);
  line.permissions = {flags[0] ? 'r' : '-', flags[1] ? 'w' : '-', flags[2] ? 'x' : '-',
                      flags[3] ? 's' : 'p'};
  line.offset = hex_text(offset, 8);
  line.major = hex_text(major, 2);
  line.minor = hex_text(minor, 2);
  line.inode = std::to_string(inode);
  for (std::size_t at = 0; (at = path.find('\n', at)) != std::string::npos;)
    path.replace(at, 1, "\\012");
  line.path = path;
  line.padding = random.between(0, 30);
  return made;
}

Known known(const std::vector<Made>& lines) {
  Known one{"", json::array()};
  for (const Made& line : lines) {
    one.text += line.line.text();
    one.fields.push_back(line.fields);
  }
  return one;
}

std::vector<Made> make_lines(Random& random, std::size_t count) {
  std::vector<Made> lines;
  for (std::size_t i = 0; i < count; ++i) lines.push_back(make_line(random));
  return lines;
}

void gives_its_lines(Trial& trial) {
  std::vector<Known> list;
  if (trial.index == 0) {
    list.push_back({"", json::array()});
    list.push_back(
        {"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n",
         json::array({{{"begin", 0xffffffffff600000U},
                       {"end", 0xffffffffff601000U},
                       {"readable", false},
                       {"writable", false},
                       {"executable", true},
                       {"shared", false},
                       {"offset", 0},
                       {"device_major", 0},
                       {"device_minor", 0},
                       {"inode", 0},
                       {"path", to_hex("[vsyscall]")}}})});
  }
  while (list.size() < texts_per_request)
    list.push_back(known(make_lines(trial.random, trial.random.between(1, 12))));
  expect_fields(trial, "parse_maps", list);
}

// --- broken ones ---

void spoil_number(Random& random, std::string& text) {
  const std::vector<std::string> no_numbers = {
      "", "x7", "7g", "-1", "0x10", "+5", "11112222333344445"};
  text = random.pick(no_numbers);
}

void spoil(Random& random, Line& line) {
  switch (random.between(0, 9)) {
    case 0:
      return spoil_number(random, line.begin);
    case 1:
      return spoil_number(random, line.end);
    case 2:
      return spoil_number(random, line.offset);
    case 3:
      return spoil_number(random, line.major);
    case 4:
      return spoil_number(random, line.minor);
    case 5:
      line.inode =
          random.pick(std::vector<std::string>{"", "x", "1f", "-1", "18446744073709551616"});
      if (line.inode.empty()) line.path.clear();
      return;
    case 6:
      line.permissions = random.pick(
          std::vector<std::string>{"rwx", "rwxsp", "rwxz", "xwrp", "r-x-", "", "RWXP", "rw p"});
      return;
    case 7:  // the line ends early
      line.path.clear();
      line.padding = 0;
      line.inode.clear();
      return;
    default:  // no dash, no colon
      if (random.chance(0.5)) {
        line.begin += line.end;
        line.end.clear();
      } else {
        line.minor.clear();
      }
  }
}

void broken_is_malformed(Trial& trial) {
  std::vector<Broken> list;
  while (list.size() < texts_per_request) {
    std::vector<Made> lines = make_lines(trial.random, trial.random.between(1, 12));
    const std::size_t which = trial.random.between(0, lines.size() - 1);
    spoil(trial.random, lines[which].line);
    const std::string named = "maps: line " + std::to_string(which + 1);
    Broken broken{known(lines).text, {named}};
    if (trial.random.chance(0.1)) {  // a line of nothing but words
      broken.text.clear();
      for (std::size_t i = 0; i < lines.size(); ++i)
        broken.text += i == which ? "no mapping\n" : make_line(trial.random).line.text();
    }
    list.push_back(broken);
  }
  expect_malformed(trial, "parse_maps", list);
}

}  // namespace

std::vector<Case> maps_cases() {
  return {{"maps_gives_its_lines", 8, gives_its_lines},
          {"a_broken_map_is_malformed", 8, broken_is_malformed}};
}

}  // namespace lab04
