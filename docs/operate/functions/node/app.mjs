// A rotation function for a user of PostgreSQL, with the four steps of AWS's documentation.
//
// It is zipped with its packages: npm install @aws-sdk/client-secrets-manager pg

import * as aws from '@aws-sdk/client-secrets-manager';
import pg from 'pg';

// Where the server is, AWS_ENDPOINT_URL says.
const client = new aws.SecretsManagerClient();

export const handler = async ({ SecretId, ClientRequestToken, Step }) => {
  const described = await client.send(new aws.DescribeSecretCommand({ SecretId }));
  if (!described.RotationEnabled) throw new Error(`Secret ${SecretId} does not rotate`);
  const stages = described.VersionIdsToStages[ClientRequestToken] ?? [];
  if (stages.includes('AWSCURRENT')) return;
  if (!stages.includes('AWSPENDING')) {
    throw new Error(`Version ${ClientRequestToken} of secret ${SecretId} is not AWSPENDING`);
  }
  await steps[Step](SecretId, ClientRequestToken, described.VersionIdsToStages);
};

const steps = {
  async createSecret(SecretId, ClientRequestToken) {
    const current = await value(SecretId, 'AWSCURRENT');
    try {
      await value(SecretId, 'AWSPENDING', ClientRequestToken);
    } catch (error) {
      if (!(error instanceof aws.ResourceNotFoundException)) throw error;
      const drawn = await client.send(
        new aws.GetRandomPasswordCommand({ ExcludeCharacters: '/@"\'\\' }),
      );
      const next = { ...current, password: drawn.RandomPassword };
      await client.send(
        new aws.PutSecretValueCommand({
          SecretId,
          ClientRequestToken,
          SecretString: JSON.stringify(next),
          VersionStages: ['AWSPENDING'],
        }),
      );
    }
  },

  async setSecret(SecretId, token) {
    const pending = await value(SecretId, 'AWSPENDING', token);
    // An attempt before this one may have come as far.
    if (await opens(pending)) return;
    const user = pg.escapeIdentifier(pending.username);
    const password = pg.escapeLiteral(pending.password);
    const current = await value(SecretId, 'AWSCURRENT');
    await ask(current, `ALTER USER ${user} PASSWORD ${password}`);
  },

  async testSecret(SecretId, token) {
    await ask(await value(SecretId, 'AWSPENDING', token), 'SELECT now()');
  },

  async finishSecret(SecretId, token, versions) {
    const [from] = Object.entries(versions).find(([, stages]) => stages.includes('AWSCURRENT'));
    await client.send(
      new aws.UpdateSecretVersionStageCommand({
        SecretId,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: token,
        RemoveFromVersionId: from,
      }),
    );
  },
};

async function value(SecretId, VersionStage, VersionId) {
  const asked = new aws.GetSecretValueCommand({ SecretId, VersionStage, VersionId });
  return JSON.parse((await client.send(asked)).SecretString);
}

async function ask({ host, port, dbname, username, password }, sql) {
  const database = new pg.Client({ host, port, database: dbname, user: username, password });
  await database.connect();
  try {
    await database.query(sql);
  } finally {
    await database.end();
  }
}

async function opens(login) {
  try {
    await ask(login, 'SELECT 1');
    return true;
  } catch {
    return false;
  }
}
