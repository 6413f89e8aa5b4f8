// Raw requests and the status that the server must give each. A refusal has an OpenAI error body
// and ends the connection; what is accepted reaches the handler with one meaning only.

#include <ostream>
#include <string>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "tests/integration/http/test_server.h"

namespace ringmaster::http {
namespace {

struct FramingCase {
  const char* name;
  std::string bytes;
  int status;
};

void PrintTo(const FramingCase& framing, std::ostream* out) {
  *out << framing.name;
}

std::string x(std::size_t count) {
  return std::string(count, 'x');
}

std::string get_with(const std::string& lines) {
  return "GET / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n";
}

std::string post_with(const std::string& lines, const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n" + body;
}

std::string chunked(const std::string& body) {
  return post_with("Transfer-Encoding: chunked\r\n", body);
}

std::string with_host(const std::string& host) {
  return "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
}

std::string request_line(const std::string& line) {
  return line + "\r\nHost: h\r\n\r\n";
}

std::string many_fields(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) lines += "a: b\r\n";
  return lines;
}

const std::string kNul(1, '\0');

const FramingCase kRequestLineCases[] = {
    {"Get", request_line("GET / HTTP/1.1"), 200},
    {"UnknownMethod", request_line("PURGE / HTTP/1.1"), 200},
    {"Query", request_line("GET /a?b=c&d=%20 HTTP/1.1"), 200},
    {"OneEmptyLineBefore", "\r\n" + get_with(""), 200},
    {"TwoEmptyLinesBefore", "\r\n\r\n" + get_with(""), 400},
    {"AbsoluteFormOfThisHost", request_line("GET http://h/a HTTP/1.1"), 200},
    {"AbsoluteFormWithoutPath", request_line("GET http://h HTTP/1.1"), 200},
    {"AbsoluteFormOfAnotherHost", request_line("GET http://g/a HTTP/1.1"), 400},
    {"AbsoluteFormOfAnotherPort", request_line("GET http://h:81/a HTTP/1.1"), 400},
    {"AbsoluteFormWithUser", request_line("GET http://u@h/ HTTP/1.1"), 400},
    {"AbsoluteFormOfAnotherScheme", request_line("GET ftp://h/ HTTP/1.1"), 400},
    {"AsteriskForm", request_line("OPTIONS * HTTP/1.1"), 400},
    {"Connect", request_line("CONNECT h:80 HTTP/1.1"), 501},
    {"RelativeTarget", request_line("GET a HTTP/1.1"), 400},
    {"NoTarget", request_line("GET HTTP/1.1"), 400},
    {"EmptyTarget", request_line("GET  HTTP/1.1"), 400},
    {"NoVersion", request_line("GET /"), 400},
    {"Version09", request_line("GET / HTTP/0.9"), 505},
    {"Version12", request_line("GET / HTTP/1.2"), 505},
    {"Version2", request_line("GET / HTTP/2.0"), 505},
    {"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    {"LowerCaseVersion", request_line("GET / http/1.1"), 400},
    {"VersionWithoutSlash", request_line("GET / HTTP1.1"), 400},
    {"VersionWithMoreDigits", request_line("GET / HTTP/1.10"), 400},
    {"LowerCaseMethod", request_line("get / HTTP/1.1"), 400},
    {"MethodWithColon", request_line("GE:T / HTTP/1.1"), 400},
    {"MethodTooLong", request_line(std::string(33, 'A') + " / HTTP/1.1"), 400},
    {"SpaceBeforeMethod", request_line(" GET / HTTP/1.1"), 400},
    {"TwoSpaces", request_line("GET  / HTTP/1.1"), 400},
    {"SpaceInTarget", request_line("GET /a b HTTP/1.1"), 400},
    {"SpaceBehindVersion", request_line("GET / HTTP/1.1 "), 400},
    {"TabForSpace", request_line("GET\t/\tHTTP/1.1"), 400},
    {"FragmentInTarget", request_line("GET /a#b HTTP/1.1"), 400},
    {"ControlInTarget", request_line("GET /a\x01 HTTP/1.1"), 400},
    {"NulInTarget", request_line("GET /a" + kNul + " HTTP/1.1"), 400},
    {"HighByteInTarget", request_line("GET /\xc3\xa9 HTTP/1.1"), 400},
    {"BareReturnInTarget", request_line("GET /a\rb HTTP/1.1"), 400},
    {"BareLineFeedBehindRequestLine", "GET / HTTP/1.1\nHost: h\r\n\r\n", 400},
    {"LongestRequestLine", request_line("GET /" + x(8192 - 14) + " HTTP/1.1"), 200},
    {"RequestLineTooLong", request_line("GET /" + x(8192 - 13) + " HTTP/1.1"), 414},
    {"EndlessRequestLine", "GET /" + x(9000), 414},
    {"TlsHello", "\x16\x03\x01\x02", 400},
};

const FramingCase kFieldCases[] = {
    {"NoSpaceBehindColon", get_with("a:b\r\n"), 200},
    {"SpacesAroundValue", get_with("a: \t b \t \r\n"), 200},
    {"EmptyValue", get_with("a:\r\n"), 200},
    {"HighBytesInValue", get_with("a: \xc3\xa9\r\n"), 200},
    {"TabInValue", get_with("a: b\tc\r\n"), 200},
    {"SpaceBeforeColon", get_with("a : b\r\n"), 400},
    {"TabBeforeColon", get_with("a\t: b\r\n"), 400},
    {"SpaceInName", get_with("a b: c\r\n"), 400},
    {"EmptyName", get_with(": b\r\n"), 400},
    {"NoColon", get_with("ab\r\n"), 400},
    {"HighByteInName", get_with("\xc3\xa9: b\r\n"), 400},
    {"NulInName", get_with("a" + kNul + ": b\r\n"), 400},
    {"NulInValue", get_with("a: b" + kNul + "\r\n"), 400},
    {"ControlInValue", get_with("a: b\x07\r\n"), 400},
    {"DeleteInValue", get_with("a: b\x7f\r\n"), 400},
    {"BareReturnInValue", get_with("a: b\rc: d\r\n"), 400},
    {"ReturnReturnLineFeed", get_with("a: b\r\r\n"), 400},
    {"BareLineFeed", get_with("a: b\nc: d\r\n"), 400},
    {"BareLineFeedForEmptyLine", "GET / HTTP/1.1\r\nHost: h\r\n\n", 400},
    {"FoldedBySpace", get_with("a: b\r\n c\r\n"), 400},
    {"FoldedByTab", get_with("a: b\r\n\tc\r\n"), 400},
    {"FoldedFirstField", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400},
    {"MostFields", get_with(many_fields(99)), 200},
    {"TooManyFields", get_with(many_fields(100)), 431},
    {"LargestHeader", get_with("a: " + x(60'000) + "\r\n"), 200},
    {"HeaderTooLarge", get_with("a: " + x(65'536) + "\r\n"), 431},
    {"EndlessHeader", "GET / HTTP/1.1\r\nHost: h\r\na: " + x(66'000), 431},
};

const FramingCase kHostCases[] = {
    {"Name", with_host("example.org"), 200},
    {"NameAndPort", with_host("example.org:8080"), 200},
    {"Ipv6AndPort", with_host("[::1]:8080"), 200},
    {"Missing", "GET / HTTP/1.1\r\n\r\n", 400},
    {"Empty", with_host(""), 400},
    {"Twice", get_with("Host: h\r\n"), 400},
    {"TwiceInAnotherCase", get_with("hOST: g\r\n"), 400},
    {"List", with_host("a, b"), 400},
    {"WithPath", with_host("a/b"), 400},
    {"WithUser", with_host("u@a"), 400},
    {"WithSpace", with_host("a b"), 400},
    {"OnlyPort", with_host(":80"), 400},
    {"PortIsNoNumber", with_host("a:b"), 400},
    {"PortTooLong", with_host("a:123456"), 400},
    {"TwoPorts", with_host("a:1:2"), 400},
    {"OpenBracket", with_host("[::1"), 400},
    {"NotNeededInHttp10", "GET / HTTP/1.0\r\n\r\n", 200},
    {"TwiceInHttp10", "GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n", 400},
};

const FramingCase kBodyCases[] = {
    {"Length", post_with("Content-Length: 5\r\n", "hello"), 200},
    {"LengthZero", post_with("Content-Length: 0\r\n", ""), 200},
    {"LengthWithLeadingZeros", post_with("Content-Length: 005\r\n", "hello"), 200},
    {"NoLengthNoBody", post_with("", ""), 200},
    {"LengthEmpty", post_with("Content-Length:\r\n", ""), 400},
    {"LengthNegative", post_with("Content-Length: -5\r\n", "hello"), 400},
    {"LengthWithPlus", post_with("Content-Length: +5\r\n", "hello"), 400},
    {"LengthHexadecimal", post_with("Content-Length: 0x5\r\n", "hello"), 400},
    {"LengthWithText", post_with("Content-Length: 5 bytes\r\n", "hello"), 400},
    {"LengthFraction", post_with("Content-Length: 5.0\r\n", "hello"), 400},
    {"LengthList", post_with("Content-Length: 5, 5\r\n", "hello"), 400},
    {"LengthTwiceTheSame", post_with("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400},
    {"LengthTwice", post_with("Content-Length: 5\r\ncontent-length: 6\r\n", "hello"), 400},
    {"LengthOverflow", post_with("Content-Length: 18446744073709551621\r\n", "hello"), 413},
    {"LengthOverLimit", post_with("Content-Length: 1048577\r\n", ""), 413},
    {"LengthWithSpaceBeforeColon", post_with("Content-Length : 5\r\n", "hello"), 400},
    {"LengthWithUnderscoreIsAnotherField", post_with("Content_Length: 5\r\n", ""), 200},
    {"Chunked", chunked("5\r\nhello\r\n0\r\n\r\n"), 200},
    {"ChunkedInCapitals", post_with("Transfer-Encoding: CHUNKED\r\n", "0\r\n\r\n"), 200},
    {"ChunkedWithExtension", chunked("5;a=\"b\"\r\nhello\r\n0\r\n\r\n"), 200},
    {"ChunkedWithTrailer", chunked("5\r\nhello\r\n0\r\nx-a: b\r\n\r\n"), 200},
    {"ChunkedAndLength",
     post_with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
    {"LengthAndChunked",
     post_with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400},
    {"ChunkedTwice", post_with("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 400},
    {"TwoTransferEncodings",
     post_with("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
    {"ChunkedNotLast", post_with("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"), 400},
    {"Identity", post_with("Transfer-Encoding: identity\r\n", ""), 400},
    {"AlmostChunked", post_with("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 400},
    {"ChunkedWithParameter", post_with("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n"), 400},
    {"ChunkedInQuotes", post_with("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), 400},
    {"ChunkedWithComma", post_with("Transfer-Encoding: ,chunked\r\n", "0\r\n\r\n"), 400},
    {"ChunkedWithVerticalTab",
     post_with("Transfer-Encoding: \x0b"
               "chunked\r\n",
               "0\r\n\r\n"),
     400},
    {"EmptyTransferEncoding", post_with("Transfer-Encoding:\r\n", ""), 400},
    {"GzipThenChunked", post_with("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501},
    {"ChunkedInHttp10", "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400},
    {"ChunkSizeEmpty", chunked("\r\nhello\r\n0\r\n\r\n"), 400},
    {"ChunkSizeWithPrefix", chunked("0x5\r\nhello\r\n0\r\n\r\n"), 400},
    {"ChunkSizeNegative", chunked("-5\r\nhello\r\n0\r\n\r\n"), 400},
    {"ChunkSizeOverflow", chunked("10000000000000005\r\nhello\r\n0\r\n\r\n"), 400},
    {"ChunkSizeWithSpace", chunked("5 \r\nhello\r\n0\r\n\r\n"), 400},
    {"ChunkTooLong", chunked("4\r\nhello\r\n0\r\n\r\n"), 400},
    {"ChunkTooShort", chunked("6\r\nhello\r\n0\r\n\r\n"), 400},
    {"ChunkEndsInLineFeed", chunked("5\nhello\r\n0\r\n\r\n"), 400},
    {"ChunkDataEndsInLineFeed", chunked("5\r\nhello\n0\r\n\r\n"), 400},
    {"ExtensionFlood", chunked("5;" + x(5'000) + "\r\nhello\r\n0\r\n\r\n"), 400},
    {"ExtensionWithNul", chunked("5;a" + kNul + "\r\nhello\r\n0\r\n\r\n"), 400},
    {"TrailerTooLarge", chunked("0\r\na: " + x(9'000) + "\r\n\r\n"), 431},
    {"TrailerFramesMessage", chunked("0\r\nContent-Length: 5\r\n\r\n"), 400},
    {"TrailerFolded", chunked("0\r\na: b\r\n c\r\n\r\n"), 400},
    {"ChunksOverLimit", chunked("100001\r\n" + x(0x100001) + "\r\n0\r\n\r\n"), 413},
    {"UnknownExpectation", post_with("Content-Length: 1\r\nExpect: 200-ok\r\n", "a"), 417},
    {"BodyOfGet", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na", 200},
};

class RequestFraming : public testing::TestWithParam<FramingCase> {
 protected:
  static void SetUpTestSuite() {
    ServerOptions options;
    options.body_bytes_max = 1024 * 1024;
    server_ = std::make_unique<TestServer>(echo, options);
  }
  static void TearDownTestSuite() { server_.reset(); }

  static std::unique_ptr<TestServer> server_;
};

std::unique_ptr<TestServer> RequestFraming::server_;

TEST_P(RequestFraming, GetsItsStatus) {
  auto connection = server_->connect();
  connection.send(GetParam().bytes);
  const auto answer = connection.read_answer();
  EXPECT_EQ(answer.status, GetParam().status) << answer.body;
  EXPECT_TRUE(answer.is_whole);
  if (answer.status == 200) return;
  EXPECT_TRUE(boost::json::parse(answer.body).at("error").at("message").is_string());
  EXPECT_TRUE(answer.has("connection: close"));
  EXPECT_TRUE(connection.is_closed_by_peer());
}

std::string name_of(const testing::TestParamInfo<FramingCase>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(RequestLine, RequestFraming, testing::ValuesIn(kRequestLineCases),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Field, RequestFraming, testing::ValuesIn(kFieldCases), name_of);
INSTANTIATE_TEST_SUITE_P(Host, RequestFraming, testing::ValuesIn(kHostCases), name_of);
INSTANTIATE_TEST_SUITE_P(Body, RequestFraming, testing::ValuesIn(kBodyCases), name_of);

}  // namespace
}  // namespace ringmaster::http
