/* SPDX-License-Identifier: MIT */
/* A program that never connects: what does its start cost? */
int main(void)
{
	return 0;
}
