#include "measure.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "failure.hpp"
#include "language.hpp"
#include "terminal.hpp"

namespace bench {

using dialtone::tr;

namespace {

double middle(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.at(values.size() / 2);
}

void print(const Report& report) {
  using dialtone::Colour;
  std::cout << dialtone::coloured(Colour::bold, report.title) << '\n';
  dialtone::Table table({tr("what", "项目"), tr("median", "中位数"), tr("least", "最小"),
                         tr("most", "最大"), tr("unit", "单位")},
                        {1, 2, 3});
  for (const Figure& figure : report.figures)
    table.add({figure.what, number(figure.median()), number(figure.least()), number(figure.most()),
               figure.unit});
  std::cout << table.text();
  const auto say = [](const std::string& text, auto colour) {
    for (const std::string& line : dialtone::wrap(text, dialtone::terminal_columns() - 2))
      std::cout << "  " << dialtone::coloured(colour, line) << '\n';
  };
  for (const Verdict& verdict : report.verdicts) {
    if (!verdict.met)
      say(verdict.text, Colour::dim);
    else if (*verdict.met)
      say(tr("met: ", "达标：") + verdict.text, Colour::green);
    else
      say(tr("not met: ", "未达标：") + verdict.text, Colour::red);
  }
  say(report.bound, Colour::dim);
  std::cout << std::endl;
}

nlohmann::json json_of(const Report& report) {
  nlohmann::json figures = nlohmann::json::array();
  for (const Figure& figure : report.figures)
    figures.push_back({{"what", figure.what},
                       {"unit", figure.unit},
                       {"median", figure.median()},
                       {"least", figure.least()},
                       {"most", figure.most()}});
  nlohmann::json verdicts = nlohmann::json::array();
  for (const Verdict& verdict : report.verdicts) {
    verdicts.push_back({{"text", verdict.text}, {"met", nullptr}});
    if (verdict.met) verdicts.back()["met"] = *verdict.met;
  }
  return {{"title", report.title},
          {"figures", figures},
          {"verdicts", verdicts},
          {"bound", report.bound}};
}

}  // namespace

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double Figure::median() const {
  return middle(values);
}

double Figure::least() const {
  return *std::min_element(values.begin(), values.end());
}

double Figure::most() const {
  return *std::max_element(values.begin(), values.end());
}

Contest rate_of(std::string what, std::string unit, double amount, std::function<void()> work) {
  return {{std::move(what), std::move(unit), {}},
          [amount, work = std::move(work)] { return amount / seconds_of(work); }};
}

std::vector<Figure> measure(std::vector<Contest> contests, std::size_t runs) {
  for (std::size_t run = 0; run < runs; ++run)
    for (Contest& contest : contests) contest.figure.values.push_back(contest.once());
  std::vector<Figure> figures;
  for (Contest& contest : contests) figures.push_back(std::move(contest.figure));
  return figures;
}

double share(const Figure& of, const Figure& whole) {
  std::vector<double> shares;
  for (std::size_t run = 0; run < of.values.size(); ++run)
    shares.push_back(of.values[run] / whole.values.at(run));
  return middle(std::move(shares));
}

void must(bool holds, const std::string& what) {
  if (!holds) throw dialtone::Failure(tr("a run went wrong: ", "测量出错：") + what);
}

std::string percent(double part) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", part * 100);
  return text;
}

std::string number(double value) {
  if (std::abs(value) < 100) {
    char text[32];
    std::snprintf(text, sizeof text, "%.*f", std::abs(value) < 10 ? 2 : 1, value);
    return text;
  }
  std::string text = std::to_string(std::llround(value));
  const std::size_t digits = text.front() == '-' ? 1 : 0;
  for (std::size_t at = text.size(); at > 3 + digits; at -= 3) text.insert(at - 3, ",");
  return text;
}

void tell(const Report& report, bool json) {
  if (json)
    std::cout << json_of(report).dump() << std::endl;
  else
    print(report);
}

}  // namespace bench
