// Python's text of bytes and the course's digest.
#include "cases.hpp"
#include "course_digest.hpp"

namespace lab08 {
namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

/// Bytes in which quotes of the kinds wanted lie, and no others.
std::string draw_bytes(Random& random, std::size_t size, bool single, bool doubled) {
  std::string bytes =
      random.chance(0.5) ? random.bytes(size) : random.text(size, "abc\t\n\r\\ 'x\"\x7f\x80~\x1f");
  for (char& c : bytes)
    if (c == '\'' || c == '"') c = '.';
  const auto put = [&](char quote) {
    bytes.insert(random.between(0, bytes.size()), 1, quote);
    if (random.chance(0.5)) bytes.insert(random.between(0, bytes.size()), 1, quote);
  };
  if (single) put('\'');
  if (doubled) put('"');
  return bytes;
}

std::string draw_bytes(Trial& trial, std::size_t most) {
  return draw_bytes(trial.random, trial.random.between(0, most), trial.index % 2 == 1,
                    trial.index / 2 % 2 == 1);
}

void expect_text(Trial& trial, const std::string& bytes) {
  const Message answer =
      ask(trial, tr("python_text of ", "python_text，输入 ") + dialtone::printable(bytes, 200),
          {{"call", "python_text"}}, bytes);
  expect_bytes(trial, tr("the text", "文本"), answer.payload, dialtone::python_text(bytes));
}

void a_text_escapes_as_python_does(Trial& trial) {
  std::string bytes = draw_bytes(trial.random, trial.random.between(0, 60), false, false);
  if (trial.index == 0) bytes.clear();
  if (trial.index == 1)
    for (int i = 0; i < 256; ++i)
      if (i != '\'' && i != '"') bytes += static_cast<char>(i);
  expect_text(trial, bytes);
}

void a_text_chooses_its_quotes_as_python_does(Trial& trial) {
  const std::vector<std::string> corners = {"'",    "\"",         "'\"", "\"'",
                                            "it's", "say \"hi\"", "''",  "\\'"};
  expect_text(trial, trial.index < corners.size() ? corners[trial.index] : draw_bytes(trial, 40));
}

void expect_digest(Trial& trial, const std::string& bytes, const std::vector<std::size_t>& sizes,
                   std::size_t times = 1) {
  const std::string salt =
      trial.index == 0 ? "" : trial.random.text(trial.random.between(0, 16), "0123456789abcdef'\"");
  std::string cuts;
  for (std::size_t i = 0; i < sizes.size() && i < 20; ++i)
    cuts += (i > 0 ? " + " : "") + std::to_string(sizes[i]);
  const Message answer =
      ask(trial,
          tr("the digest of ", "摘要，输入 ") + dialtone::printable(bytes, 100) +
              (times == 1 ? "" : tr(", times ", "，重复次数 ") + std::to_string(times)) +
              tr(", in pieces of ", "，每段字节数 ") + cuts + tr(", salt ", "，盐 ") + salt,
          {{"call", "digest"}, {"salt", salt}, {"sizes", sizes}, {"times", times}}, bytes);
  const std::string expected = dialtone::course_digest(bytes, salt, times);
  trial.expect(tr("the digest", "摘要"), answer.body.at("value") == expected, expected,
               answer.body.at("value").dump());
}

void a_digest_is_md5_of_text_and_salt(Trial& trial) {
  const std::string bytes =
      trial.index == 0 ? "" : draw_bytes(trial, trial.index % 10 == 9 ? 20'000 : 80);
  std::vector<std::size_t> sizes = {bytes.size()};
  if (trial.index == 0) sizes.clear();  // nothing was ever given
  expect_digest(trial, bytes, sizes);
}

void a_digest_in_pieces_is_the_same(Trial& trial) {
  const std::string bytes = draw_bytes(trial, trial.index % 10 == 9 ? 20'000 : 80);
  std::vector<std::size_t> sizes;
  for (std::size_t left = bytes.size(); left > 0; left -= sizes.back())
    sizes.push_back(trial.random.between(0, trial.index % 3 == 0 ? 1 : left));
  sizes.push_back(0);  // an empty piece is no matter
  expect_digest(trial, bytes, sizes);
}

void a_digest_needs_little_memory(Trial& trial) {
  // Two large ones: with a double quote early on, and with none in all the bytes.
  const std::size_t times = trial.index < 2 ? 128 : 2;
  const std::size_t size = trial.index < 2 ? 65'536 : trial.random.between(1, 4096);
  const std::string bytes =
      draw_bytes(trial.random, size, trial.index % 4 == 3, trial.index % 2 == 0);
  const auto before = trial.student.memory("VmHWM");
  expect_digest(trial, bytes, {bytes.size()}, times);
  const auto grown = trial.student.memory("VmHWM") - before;
  trial.expect(tr("the memory it took meanwhile (seen in /proc)", "其间占用的内存（从 /proc 看）"),
               grown <= 4 * mebibyte, "<= 4 MiB", std::to_string(grown / mebibyte) + " MiB");
}

}  // namespace

std::vector<Case> digest_cases() {
  return {
      {"a_text_escapes_as_python_does", 120, a_text_escapes_as_python_does},
      {"a_text_chooses_its_quotes_as_python_does", 120, a_text_chooses_its_quotes_as_python_does},
      {"a_digest_is_md5_of_text_and_salt", 120, a_digest_is_md5_of_text_and_salt},
      {"a_digest_in_pieces_is_the_same", 120, a_digest_in_pieces_is_the_same},
      {"a_digest_needs_little_memory", 100, a_digest_needs_little_memory}};
}

}  // namespace lab08
