#!/bin/sh
# Cuts the subsets in src/fonts from @fontsource-variable/inter (OFL-1.1); needs pyftsubset (Debian: fonttools, python3-brotli).
# The browser fetches only the subsets a page's letters need, by the unicode-range in app.css.
set -eu
cd "$(dirname "$0")/.."
from=node_modules/@fontsource-variable/inter/files
cut() {
    fonttools varLib.instancer "$from/inter-$1-wght-normal.woff2" wght=400:600 -o "$tmp/$1.ttf" --quiet
    pyftsubset "$tmp/$1.ttf" --unicodes="$2" --flavor=woff2 --no-hinting --desubroutinize \
        --layout-features='kern,liga,calt,ccmp,locl,mark,mkmk,tnum,cv11,ss03' --output-file="src/fonts/inter-$1.woff2"
}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cut latin 'U+0020-007E,U+00A0-00FF,U+0131,U+0152-0153,U+02C6,U+02DA,U+02DC,U+2009-200B,U+2010-2014,U+2018-201E,U+2020-2022,U+2026,U+202F,U+2030,U+2032-2033,U+2039-203A,U+20AC,U+2122,U+2190-2193,U+2212,U+2215,U+2318'
cut latin-ext 'U+0100-0130,U+0132-0151,U+0154-017F,U+0218-021B'
cut cyrillic 'U+0301,U+0400-045F,U+0490-0491,U+04B0-04B1,U+20BD,U+2116'
cp node_modules/@fontsource-variable/inter/LICENSE src/fonts/LICENSE
ls -l src/fonts
