#include "simulation/deck.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>

#include "language.hpp"

namespace simulation {
namespace {

using dialtone::tr;
using nlohmann::json;

constexpr std::size_t deepest = 8;  ///< a right deck needs 4 levels
constexpr std::size_t most_devices = 64;
constexpr std::int64_t most = 1'000'000;

/// Reads the text without keeping it, for what a tree no longer shows: where it is malformed, a key
/// that comes twice, and nesting that is only there to do harm.
class Scan : public nlohmann::json_sax<json> {
 public:
  std::string trouble;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return open(); }
  bool start_array(std::size_t) override { return open(); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (keys_.back().insert(name).second) return true;
    trouble =
        "\"" + name.substr(0, 40) + "\": " + tr("the field is there twice", "该字段出现了两次");
    return false;
  }

  bool parse_error(std::size_t position, const std::string&, const json::exception&) override {
    trouble = tr("not JSON: byte ", "不是 JSON：第 ") + std::to_string(position) +
              tr(" cannot be there", " 个字节不该在那里");
    return false;
  }

 private:
  bool open() {
    keys_.emplace_back();
    if (keys_.size() <= deepest) return true;
    trouble = tr("nested deeper than a deck is", "嵌套得太深，不是作业卡叠");
    return false;
  }
  bool close() {
    keys_.pop_back();
    return true;
  }
  std::vector<std::set<std::string>> keys_;  ///< of the objects that are open
};

/// Reads fields and keeps the first complaint; what is read after it means nothing.
class Reader {
 public:
  tl::expected<Deck, std::string> read(const json& text);

 private:
  void complain(const std::string& path, const std::string& what) {
    if (complaint_.empty()) complaint_ = path + ": " + what;
  }

  void expect_known(const json& object, const std::string& path,
                    std::initializer_list<const char*> known);
  bool expect_array(const json& value, const std::string& path);
  std::int64_t number(const json& object, const char* field, const std::string& path,
                      std::int64_t missing, std::int64_t least, std::int64_t largest);
  std::int64_t number(const json& value, const std::string& path, std::int64_t least,
                      std::int64_t largest);
  std::string name(const json& object, const char* field, const std::string& path,
                   const std::string& missing);
  void read_devices(const json& devices);
  std::uint64_t read_cores(const json& cores, const std::string& path);
  void read_job(const json& job, std::size_t index);
  Burst read_burst(const json& burst, const std::string& path);
  int device_called(const std::string& name);

  Deck deck_;
  std::string complaint_;
};

void Reader::expect_known(const json& object, const std::string& path,
                          std::initializer_list<const char*> known) {
  if (!object.is_object()) {
    complain(path, tr("is not an object", "不是对象"));
    return;
  }
  for (const auto& item : object.items()) {
    const bool is_known =
        std::any_of(known.begin(), known.end(), [&](const char* one) { return item.key() == one; });
    if (is_known) continue;
    std::string list;
    for (const char* one : known) list += (list.empty() ? "" : ", ") + std::string(one);
    complain(path + (path.empty() ? "" : ".") + item.key(),
             tr("no such field; there are ", "没有这个字段；有的是 ") + list);
  }
}

bool Reader::expect_array(const json& value, const std::string& path) {
  if (!value.is_array()) complain(path, tr("is not an array", "不是数组"));
  return value.is_array();
}

std::int64_t Reader::number(const json& value, const std::string& path, std::int64_t least,
                            std::int64_t largest) {
  const std::string text = value.dump(-1, ' ', true).substr(0, 40);
  if (value.is_number_float() && std::fabs(value.get<double>()) >= 0x1.0p63) {
    complain(path,
             text + (value.get<double>() > 0 ? tr(" is above ", " 大于 ") + std::to_string(largest)
                                             : tr(" is below ", " 小于 ") + std::to_string(least)));
    return least;
  }
  if (!value.is_number_integer()) {
    complain(path, text + tr(" is not a whole number", " 不是整数"));
    return least;
  }
  const bool huge = value.is_number_unsigned() &&
                    value.get<std::uint64_t>() > static_cast<std::uint64_t>(largest);
  if (huge || (!value.is_number_unsigned() && value.get<std::int64_t>() > largest))
    complain(path, text + tr(" is above ", " 大于 ") + std::to_string(largest));
  else if (value.get<std::int64_t>() < least)
    complain(path, text + tr(" is below ", " 小于 ") + std::to_string(least));
  else
    return value.get<std::int64_t>();
  return least;
}

std::int64_t Reader::number(const json& object, const char* field, const std::string& path,
                            std::int64_t missing, std::int64_t least, std::int64_t largest) {
  const auto found = object.find(field);
  if (found == object.end()) return missing;
  return number(*found, path + "." + field, least, largest);
}

std::string Reader::name(const json& object, const char* field, const std::string& path,
                         const std::string& missing) {
  const auto found = object.find(field);
  if (found == object.end()) return missing;
  const std::string where = path + "." + field;
  if (!found->is_string()) {
    complain(where, tr("is not a text", "不是文本"));
    return missing;
  }
  auto text = found->get<std::string>();
  if (text.empty()) complain(where, tr("is empty", "是空的"));
  if (text.size() > 200) complain(where, tr("is longer than 200 bytes", "超过 200 字节"));
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
    complain(where, tr("holds a control character", "含有控制字符"));
  return text;
}

int Reader::device_called(const std::string& name) {
  std::vector<Device>& devices = deck_.devices;
  for (std::size_t i = 0; i < devices.size(); ++i)
    if (devices[i].name == name) return static_cast<int>(i);
  if (devices.size() == most_devices)
    complain("devices", tr("there are more than 64", "超过 64 个"));
  devices.push_back({name, 1});
  return static_cast<int>(devices.size() - 1);
}

void Reader::read_devices(const json& devices) {
  if (!expect_array(devices, "devices")) return;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const std::string path = "devices[" + std::to_string(i) + "]";
    expect_known(devices[i], path, {"name", "servers"});
    if (!complaint_.empty()) return;
    const std::string called = name(devices[i], "name", path, "");
    if (called.empty()) complain(path + ".name", tr("is missing", "缺少"));
    if (called == "cpu") complain(path + ".name", tr("\"cpu\" is no device", "\"cpu\" 不是设备"));
    const std::size_t before = deck_.devices.size();
    const int number_of = device_called(called);
    if (deck_.devices.size() == before)
      complain(path + ".name", tr("there are two of that name", "重名"));
    deck_.devices[static_cast<std::size_t>(number_of)].servers =
        static_cast<int>(number(devices[i], "servers", path, 1, 0, most));
  }
}

Burst Reader::read_burst(const json& burst, const std::string& path) {
  if (!burst.is_object() || burst.size() != 1) {
    complain(path, tr("is not an object with one field, as {\"cpu\": 5}",
                      "不是只有一个字段的对象，例如 {\"cpu\": 5}"));
    return {};
  }
  const std::string& where = burst.begin().key();
  if (where.empty()) complain(path, tr("a device without a name", "设备没有名字"));
  const Time length = number(*burst.begin(), path + "." + where, 1, last_tick);
  return {length, where == "cpu" ? Burst::cpu : device_called(where)};
}

/// The numbers of the cores that a job may run on, as bits.
std::uint64_t Reader::read_cores(const json& cores, const std::string& path) {
  if (!expect_array(cores, path)) return 0;
  if (cores.empty()) complain(path, tr("there are none", "一个也没有"));
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < cores.size(); ++i)
    bits |= std::uint64_t{1} << static_cast<unsigned>(
                number(cores[i], path + "[" + std::to_string(i) + "]", 0, 63));
  return bits;
}

void Reader::read_job(const json& job, std::size_t index) {
  const std::string path = "jobs[" + std::to_string(index) + "]";
  expect_known(job, path,
               {"name", "user", "arrival", "memory", "priority", "weight", "cores", "patience",
                "cards", "lines", "bursts"});
  if (!complaint_.empty()) return;
  Job made;
  Order order;
  made.name = name(job, "name", path, std::to_string(index + 1));
  order.user = name(job, "user", path, made.name);
  made.arrival = number(job, "arrival", path, 0, 0, last_tick);
  made.memory = static_cast<int>(number(job, "memory", path, 0, 0, most));
  made.priority = static_cast<int>(number(job, "priority", path, 0, -most, most));
  made.weight = static_cast<int>(number(job, "weight", path, 1, 1, most));
  if (const auto cores = job.find("cores"); cores != job.end())
    made.cores = read_cores(*cores, path + ".cores");
  order.patience = number(job, "patience", path, never, 1, last_tick);
  order.cards = static_cast<int>(number(job, "cards", path, 0, 0, most));
  order.lines = static_cast<int>(number(job, "lines", path, 0, 0, most));

  const auto found = job.find("bursts");
  if (found == job.end()) complain(path + ".bursts", tr("is missing", "缺少"));
  if (found == job.end() || !expect_array(*found, path + ".bursts")) return;
  if (found->empty()) complain(path + ".bursts", tr("there are none", "一个也没有"));
  std::vector<Burst> bursts;
  for (std::size_t i = 0; i < found->size() && complaint_.empty(); ++i)
    bursts.push_back(read_burst((*found)[i], path + ".bursts[" + std::to_string(i) + "]"));
  if (!complaint_.empty()) return;
  deck_.workload.add(std::move(made), bursts);
  deck_.orders.push_back(std::move(order));
}

tl::expected<Deck, std::string> Reader::read(const json& text) {
  if (!text.is_object()) return tl::unexpected(tr("the deck is not an object", "作业卡叠不是对象"));
  expect_known(text, "", {"devices", "jobs"});
  if (const auto devices = text.find("devices"); devices != text.end()) read_devices(*devices);
  const auto jobs = text.find("jobs");
  if (jobs == text.end()) complain("jobs", tr("is missing", "缺少"));
  if (complaint_.empty() && expect_array(*jobs, "jobs")) {
    if (jobs->empty()) complain("jobs", tr("there are none", "一个也没有"));
    for (std::size_t i = 0; i < jobs->size() && complaint_.empty(); ++i) read_job((*jobs)[i], i);
  }
  if (!complaint_.empty()) return tl::unexpected(complaint_);
  Options options;
  options.cores = 64;  // the machine is not known yet
  options.devices = deck_.devices;
  if (auto said = complaint(deck_.workload, options); !said.empty())
    return tl::unexpected(std::move(said));
  return std::move(deck_);
}

}  // namespace

tl::expected<Deck, std::string> read_deck(std::string_view text) {
  Scan scan;
  json::sax_parse(text, &scan);
  if (!scan.trouble.empty()) return tl::unexpected(scan.trouble);
  const json read = json::parse(text, nullptr, false);
  if (read.is_discarded()) return tl::unexpected(tr("not JSON", "不是 JSON"));
  return Reader().read(read);
}

}  // namespace simulation
