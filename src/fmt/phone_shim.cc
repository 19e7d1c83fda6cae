/* SPDX-License-Identifier: MIT */
/* fmt/phone_shim.cc - the one C++ file: libphonenumber behind a C function. */
#include <phonenumbers/phonenumberutil.h>

extern "C" int phone_lib(const char *digits, const char *country, char *e164, char *country_out, int *type);

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

extern "C" int phone_lib(const char *digits, const char *country, char *e164, char *country_out, int *type)
{
    const PhoneNumberUtil *u = PhoneNumberUtil::GetInstance();
    PhoneNumber n;
    std::string text, region;
    if (u->Parse(digits, country, &n) != PhoneNumberUtil::NO_PARSING_ERROR) return -1;
    u->Format(n, PhoneNumberUtil::E164, &text);
    u->GetRegionCodeForNumber(n, &region);
    if (text.size() >= 24 || region.size() >= 4) return -1;
    text.copy(e164, text.size());
    e164[text.size()] = 0;
    region.copy(country_out, region.size());
    country_out[region.size()] = 0;
    *type = u->GetNumberType(n);
    return u->IsValidNumber(n) ? 1 : 0;
}
