#!/bin/bash
# Writes src/formats/rpmdb/testdata/*.gz: the same packages in each of rpm's database formats.
#
#     RPM416=/path/to/rpm-4.16 scripts/make-rpmdb-fixtures.sh
#
# It needs rpm and rpmbuild (4.18), rpm 4.16 for Berkeley DB (RPM416: the root of a Debian bullseye system that has it, entered
# with chroot), db5.3-util for the other byte order, and Node. No rpm of Debian writes ndb: make-ndb.ts does that.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=$here/../src/formats/rpmdb/testdata
work=$(mktemp -d)
trap 'rm -rf "$work" "$RPM416/fixtures"' EXIT

rpmbuild --quiet -bb --define "_topdir $work/build" --define "_rpmdir $work/rpms" --define "__os_install_post %{nil}" \
  --define "use_source_date_epoch_as_buildtime 1" --define "_buildhost builder.example.org" "$data/packages.spec"
install="-i --justdb --nodeps --noscripts --nosignature --nodigest --ignorearch"

rpm --define "_db_backend sqlite" --define "_dbpath $work/sqlite" $install "$work"/rpms/noarch/*.rpm
node "$here/make-ndb.ts" "$work/sqlite/rpmdb.sqlite" "$work/Packages.db"

mkdir -p "$RPM416/fixtures"
cp "$work"/rpms/noarch/*.rpm "$RPM416/fixtures"
chroot "$RPM416" sh -c "cd /fixtures && rpm --define '_db_backend bdb' --define '_dbpath /fixtures/db' $install *.rpm"
cp "$RPM416/fixtures/db/Packages" "$work/Packages"
db5.3_dump "$work/Packages" | sed '/^h_nelem/d; s/^HEADER=END/db_lorder=4321\nHEADER=END/' >"$work/dump"
db5.3_load -f "$work/dump" "$work/Packages.big-endian"

for file in "$work/sqlite/rpmdb.sqlite" "$work/Packages.db" "$work/Packages" "$work/Packages.big-endian"; do
  gzip -9n <"$file" >"$data/$(basename "$file").gz"
done
