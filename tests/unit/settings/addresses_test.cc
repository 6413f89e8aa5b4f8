#include "settings/addresses.h"

#include <string>

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

TEST(ListenAddress, IsAHostAndAPort) {
  EXPECT_TRUE(is_listen_address("127.0.0.1:8080"));
  EXPECT_TRUE(is_listen_address("localhost:0"));
  EXPECT_TRUE(is_listen_address("[::1]:65535"));
}

TEST(ListenAddress, IsNothingElse) {
  EXPECT_FALSE(is_listen_address("127.0.0.1"));
  EXPECT_FALSE(is_listen_address(":8080"));
  EXPECT_FALSE(is_listen_address("a:65536"));
  EXPECT_FALSE(is_listen_address("a:-1"));
  EXPECT_FALSE(is_listen_address("a:"));
  EXPECT_FALSE(is_listen_address("::1:80"));
  EXPECT_FALSE(is_listen_address("a b:80"));
}

TEST(InstanceUrl, IsPlainHttpWithAnOptionalPath) {
  EXPECT_TRUE(is_instance_url("http://10.0.0.1:9101"));
  EXPECT_TRUE(is_instance_url("http://engine-0.engines"));
  EXPECT_TRUE(is_instance_url("http://[::1]:9101/base"));
}

TEST(InstanceUrl, IsNothingElse) {
  EXPECT_FALSE(is_instance_url("https://a:1"));
  EXPECT_FALSE(is_instance_url("http://"));
  EXPECT_FALSE(is_instance_url("http://a:0"));
  EXPECT_FALSE(is_instance_url("http://user@a:1"));
  EXPECT_FALSE(is_instance_url("http://a:1/x?y"));
  EXPECT_FALSE(is_instance_url("http://a:1/x\r\ny"));
}

TEST(InstanceName, FitsIntoHeadersPathsAndLabels) {
  EXPECT_TRUE(is_instance_name("engine-0"));
  EXPECT_TRUE(is_instance_name("10.0.0.1:9101"));
  EXPECT_FALSE(is_instance_name(""));
  EXPECT_FALSE(is_instance_name("a b"));
  EXPECT_FALSE(is_instance_name("a/drain"));
  EXPECT_FALSE(is_instance_name("a\r\nx: y"));
  EXPECT_FALSE(is_instance_name(std::string(129, 'a')));
}

TEST(HeaderName, IsAToken) {
  EXPECT_TRUE(is_header_name("x-session-id"));
  EXPECT_FALSE(is_header_name("x session"));
  EXPECT_FALSE(is_header_name("x:"));
  EXPECT_FALSE(is_header_name(""));
}

}  // namespace
}  // namespace ringmaster
