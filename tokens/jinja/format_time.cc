#include <array>

#include "tokens/jinja/builtins.h"

namespace ringmaster::jinja {
namespace {

constexpr std::array<std::string_view, 12> kMonths{"January",   "February", "March",    "April",
                                                   "May",       "June",     "July",     "August",
                                                   "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kDays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                "Thursday", "Friday", "Saturday"};

std::string padded(int number, int digits, char pad = '0') {
  std::string text = std::to_string(number);
  while (text.size() < static_cast<std::size_t>(digits)) text.insert(text.begin(), pad);
  return text;
}

int day_of_year(const CivilTime& time) {
  constexpr std::array<int, 12> kDaysBefore{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  const bool is_leap = (time.year % 4 == 0 && time.year % 100 != 0) || time.year % 400 == 0;
  return kDaysBefore[static_cast<std::size_t>(time.month - 1)] + time.day +
         (is_leap && time.month > 2 ? 1 : 0);
}

/// 0: Sunday. By the day count from year 1, a Monday.
std::size_t day_of_week(const CivilTime& time) {
  const int years = time.year - 1;
  const int days = years * 365 + years / 4 - years / 100 + years / 400 + day_of_year(time);
  return static_cast<std::size_t>(days % 7);
}

std::string field(const CivilTime& time, char code) {
  const std::string_view month = kMonths[static_cast<std::size_t>(time.month - 1)];
  const std::string_view day = kDays[day_of_week(time)];
  const int hour12 = time.hour % 12 == 0 ? 12 : time.hour % 12;
  switch (code) {
    case 'd':
      return padded(time.day, 2);
    case 'e':
      return padded(time.day, 2, ' ');
    case 'm':
      return padded(time.month, 2);
    case 'Y':
      return padded(time.year, 4);
    case 'y':
      return padded(time.year % 100, 2);
    case 'B':
      return std::string(month);
    case 'b':
      return std::string(month.substr(0, 3));
    case 'A':
      return std::string(day);
    case 'a':
      return std::string(day.substr(0, 3));
    case 'H':
      return padded(time.hour, 2);
    case 'I':
      return padded(hour12, 2);
    case 'p':
      return time.hour < 12 ? "AM" : "PM";
    case 'M':
      return padded(time.minute, 2);
    case 'S':
      return padded(time.second, 2);
    case 'j':
      return padded(day_of_year(time), 3);
    case '%':
      return "%";
    default:
      return std::string("%") + code;
  }
}

}  // namespace

std::string format_time(const CivilTime& time, std::string_view format) {
  std::string text;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '%' && i + 1 < format.size()) {
      text += field(time, format[++i]);
    } else {
      text += format[i];
    }
  }
  return text;
}

}  // namespace ringmaster::jinja
