// SPDX-License-Identifier: MIT
// Three requests by Qt's sockets, which look OpenSSL's functions up: qt FOLDER PORT METHOD.
#include <QCoreApplication>
#include <QSslConfiguration>
#include <QSslSocket>
#include <QThread>
#include <cstdio>
#include <string>

int main(int argc, char **argv)
{
	QCoreApplication app(argc, argv);
	if (argc != 4)
		return 2;
	QSslSocket socket;
	QSslConfiguration configuration = QSslConfiguration::defaultConfiguration();
	configuration.setCaCertificates(
	    QSslCertificate::fromPath(QString(argv[1]) + "/trusted.pem"));
	socket.setSslConfiguration(configuration);
	socket.connectToHostEncrypted("localhost", (quint16)std::atoi(argv[2]));
	if (!socket.waitForEncrypted(15000)) {
		printf("connect %d\n", socket.error());
		return 1;
	}
	for (int i = 1; i <= 3; i++) {
		QThread::msleep(25);
		bool posts = i == 2 && std::string(argv[3]) == "POST";
		QByteArray text = QByteArray(posts ? "POST" : "GET") + " /" + QByteArray::number(i) +
				  " HTTP/1.1\r\nHost: localhost\r\n" +
				  (posts ? "Content-Length: 1\r\n\r\nx" : "\r\n");
		socket.write(text);
		socket.flush();
		QByteArray answer;
		while (!answer.endsWith("hello\n")) {
			if (!socket.bytesAvailable() && !socket.waitForReadyRead(15000)) {
				printf("error %d\n", socket.error());
				return 1;
			}
			answer += socket.readAll();
		}
		printf("hello\n");
		fflush(stdout);
	}
	return 0;
}
