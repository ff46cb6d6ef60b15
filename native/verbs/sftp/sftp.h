/* Verb sftp: a client's SFTP, version 3 (draft-ietf-secsh-filexfer-02), on the files of one container, reached as verb file reaches them. */
#pragma once

#include "wire/cell.h"

void serve_sftp(struct cell *cell);
